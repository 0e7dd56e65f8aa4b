"""One causal LM: its tokens, the format of a conversation, the grammar, constrained decoding."""
