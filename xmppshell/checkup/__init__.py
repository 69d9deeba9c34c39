"""The check-up: what a server offers and how well, found out, judged and told."""
