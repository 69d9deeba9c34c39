"""The desk: the commands of the shell, each declared once."""
