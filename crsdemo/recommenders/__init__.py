"""Systems that answer a dialogue."""
