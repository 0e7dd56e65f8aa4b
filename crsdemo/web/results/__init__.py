"""What people judged, for the operator."""
