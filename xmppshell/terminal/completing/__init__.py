"""What fits at the cursor: decided here, without a terminal; `terminal.completer` shows it."""
