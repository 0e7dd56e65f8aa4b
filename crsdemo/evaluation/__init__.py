"""How good recommenders are: protocols, checks and benchmarks."""
