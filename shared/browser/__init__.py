"""Chromium with no way to the network but the guarded fetcher: what scripts make of a page."""

from shared.browser.chromium import NAMES, Chromium, PageBroke
from shared.browser.gate import Answer, Gate, Supply
from shared.browser.settings import BrowserSettings

__all__ = ["NAMES", "Answer", "BrowserSettings", "Chromium", "Gate", "PageBroke", "Supply"]
