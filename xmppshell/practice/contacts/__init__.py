"""Contacts: rosters, presence and its subscriptions, and whom a user blocks."""
