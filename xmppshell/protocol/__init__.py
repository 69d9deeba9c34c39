"""The pure core: bytes in, events and moves out; no socket, clock, file or terminal."""
