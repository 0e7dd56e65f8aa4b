"""crsdemo: conversational recommenders to talk with, to look into and to judge."""

from crsdemo.catalog import Catalog, Item
from crsdemo.dialogue import Dialogue, Mention, Turn
from crsdemo.recommender import Evidence, Plan, Recommendation, Recommender, Reply

__version__ = "0.1.0"
__all__ = [
    "Catalog",
    "Dialogue",
    "Evidence",
    "Item",
    "Mention",
    "Plan",
    "Recommendation",
    "Recommender",
    "Reply",
    "Turn",
]
