"""What all pages are made of: their look, films and replies as HTML, the evidence."""
