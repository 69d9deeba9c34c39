"""Sockets, TLS and DNS: the only room that touches the network."""
