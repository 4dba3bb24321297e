"""Guarded fetching: the only way by which a service reads the web."""

from shared.net.failures import AddressRefused, FetchFailed
from shared.net.fetcher import Fetched, Fetcher
from shared.net.settings import NetSettings

__all__ = ["AddressRefused", "FetchFailed", "Fetched", "Fetcher", "NetSettings"]
