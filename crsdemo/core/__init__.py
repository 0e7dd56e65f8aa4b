"""Values and the contract, `core/recommender.py`: a `Dialogue` goes in, a `Reply` comes out."""
