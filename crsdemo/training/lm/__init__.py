"""The adapter of both systems: examples, their loss, the loop."""
