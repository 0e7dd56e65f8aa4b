"""What was measured, for everybody."""
