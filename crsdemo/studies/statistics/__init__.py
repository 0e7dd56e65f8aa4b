"""What votes tell: strengths, agreement, habits, with their intervals."""
