"""Guarded fetching: the only way by which a service reads the web."""

from shared.net.failures import AddressRefused, Fault, FetchFailed
from shared.net.fetched import Fetched, location_of
from shared.net.fetcher import Fetcher
from shared.net.secured import Secured
from shared.net.settings import NetSettings

__all__ = ["AddressRefused", "Fault", "FetchFailed", "Fetched", "Fetcher", "NetSettings", "Secured", "location_of"]
