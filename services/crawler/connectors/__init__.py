"""Connectors: what reads sites that are no web pages (messengers, federated timelines, feeds, chats)."""

from services.crawler.connectors.pseudonyms import key_of as key_of_pseudonyms
from services.crawler.connectors.reader import Reader
from services.crawler.connectors.registry import check, names

__all__ = ["Reader", "check", "key_of_pseudonyms", "names"]
