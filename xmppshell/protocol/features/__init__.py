"""The stream features, one file each (RFC 6120 4.3.2).

A feature reads what passes on the stream, offers itself as a server, and proposes moves in
either role. `StreamFeature` is what each of them implements; `base` has the shared helpers.
"""
