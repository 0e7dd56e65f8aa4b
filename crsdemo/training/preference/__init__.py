"""An adapter tuned on what people preferred: examples, their loss, the loop, what came of it."""
