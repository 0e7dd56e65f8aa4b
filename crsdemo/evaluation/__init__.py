"""How good a recommender is: protocols, rankings, their figures and tables."""
