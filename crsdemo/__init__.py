"""crsdemo: conversational recommenders to talk with, to look into and to judge."""

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Evidence, Plan, Recommendation, Recommender, Reply

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
