"""A study as values: its file, its questions, who judges what."""
