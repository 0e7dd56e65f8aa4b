"""What stands before all pages: which requests may pass, how large, how many, from where."""
