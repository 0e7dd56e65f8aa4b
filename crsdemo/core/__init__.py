"""Values that everything else speaks in."""
