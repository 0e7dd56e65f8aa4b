"""Each part of a system by itself: searches, choice, IDs, what is said."""
