"""The catalog of films, vectors of items, and IDs compared."""
