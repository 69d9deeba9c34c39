"""The stage: a small XMPP server in the same process, for practice and for tests."""
