"""Systems that are not ours: asked over HTTP, or a Python function."""
