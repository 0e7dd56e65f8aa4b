"""A study as its annotators see it."""
