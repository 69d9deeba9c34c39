"""Personal eventing: every account is a publish-subscribe service of its own (XEP-0163)."""
