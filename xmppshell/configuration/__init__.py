"""The configuration: which settings there are, the file that holds some, and who wins."""
