"""Messages: where they go, and who keeps or gets a copy of them."""
