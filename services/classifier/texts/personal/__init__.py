"""Personal data that a text lays open beside a picture: kinds and how many of each, never the data."""

from services.classifier.texts.personal.finding import KINDS, MOST, personal_data

__all__ = ["KINDS", "MOST", "personal_data"]
