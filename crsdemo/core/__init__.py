"""Values and the contract, `recommender.py`: a `Dialogue` goes in, a `Reply` comes out."""
