"""Does it do what it should? Wishes, talk, facts, labels, two systems that differ."""
