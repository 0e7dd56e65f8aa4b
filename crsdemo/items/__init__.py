"""A catalog as models see it: semantic IDs, their trie, vectors, an index; building one."""
