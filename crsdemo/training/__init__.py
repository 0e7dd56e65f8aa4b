"""What makes weights; nothing but the command line imports it."""
