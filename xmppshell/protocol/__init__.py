"""The cellar: XMPP itself, without sockets, clock, files or a terminal."""
