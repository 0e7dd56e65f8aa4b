"""Judgments as data to train on and as tables, and what the operator takes home."""
