"""Our own recommenders in other processes: replicas by Ray Serve, a large model behind a server."""
