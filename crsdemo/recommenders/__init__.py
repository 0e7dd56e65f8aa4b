"""Systems that answer: gcrs, reges and its retriever, baselines; loading them by name."""
