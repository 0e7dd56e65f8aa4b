"""One message and its answer, two answers side by side, a session of a study."""
