"""What the steps about a page's surroundings keep from one capture to the next."""

from services.evidence.circumstances.clocks import Clocks
from services.evidence.settings import Settings
from shared.clock import Clock
from shared.net import Fetcher
from shared.rdap import Rdap


class Around:
    """Share it among captures. It needs no closing."""

    def __init__(self, fetcher: Fetcher, settings: Settings, clock: Clock) -> None:
        self.rdap = Rdap(fetcher, settings.rdap_bootstrap, clock)
        self.clocks = Clocks(settings.ntp_servers, clock)
