"""The desk: what a person can tell the shell to do with a line that begins with a slash."""
