"""Services: what the server and the accounts on it answer to iqs."""
