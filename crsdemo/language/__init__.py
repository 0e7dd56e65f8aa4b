"""What people type: films, people, wishes and refusals in it; datasets as they are distributed."""
