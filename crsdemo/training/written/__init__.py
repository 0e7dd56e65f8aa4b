"""What was written for this project, read and held to its rules; see README.md."""
