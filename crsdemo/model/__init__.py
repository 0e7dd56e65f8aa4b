"""One causal language model: its base, its tokens, its prompts and what constrains it."""
