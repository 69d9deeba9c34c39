"""The archive: what was said on a stream, written down and read again."""
