"""Chromium with no way to the network but the guarded fetcher: what scripts make of a page."""

from shared.browser.chromium import NAMES, Chromium, PageBroke
from shared.browser.gate import FRAME, Answer, Gate, Supply
from shared.browser.settings import BrowserSettings

__all__ = ["FRAME", "NAMES", "Answer", "BrowserSettings", "Chromium", "Gate", "PageBroke", "Supply"]
