"""xmppshell: the shell for exploring XMPP by hand."""

__version__ = "0.1.0"
