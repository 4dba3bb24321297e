"""Connectors: what reads sites that are no web pages (messengers, federated timelines, feeds, chats)."""

from services.crawler.connectors.registry import check, names

__all__ = ["check", "names"]
