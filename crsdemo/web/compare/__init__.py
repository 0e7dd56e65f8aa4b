"""The pages of two answers, open and blind."""
