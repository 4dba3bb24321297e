"""By which way and with which secret a site is asked (pure): what cannot be done as it was meant is not done at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from services.crawler.registry.credentials import Credential
from services.crawler.registry.grounds import ground_of
from services.crawler.registry.onion import is_onion
from services.crawler.registry.site_lines import ONION_EXIT
from services.crawler.visit import Watched
from shared.failures import Transient
from shared.urls import host_of


class NoWay(Transient):
    """The site cannot be asked as its line in the list says. Passes when the operator has put it right."""


@dataclass(frozen=True)
class Ways:
    """`exits`: names of the exits file. `credentials`: those of the credentials file."""

    exits: Collection[str] = ()
    credentials: Mapping[str, Credential] = field(default_factory=dict)

    def exit_for(self, watched: Watched | None, host: str, instead: str | None = None) -> str | None:
        """The exit for a request to `host` on behalf of the site; None for the direct way. Raises `NoWay`.

        `instead`: the exit to use rather than the site's, where that is possible. Whatever a page of an onion service
        shows is fetched through the same exit: its operator may watch another host.
        """
        site = watched.site if watched else None
        if is_onion(host) or (site and is_onion(site.host)):
            return self._there(ONION_EXIT)
        if wanted := instead or (watched and watched.exit):
            return self._there(wanted)
        country = (site.country or "").lower() if site else ""
        return country if country in self.exits else None

    def headers_for(self, watched: Watched | None, url: str) -> dict[str, str]:
        """The secret's headers for a request of the site's own host; none for any other. Raises `NoWay`."""
        if watched is None or watched.credential is None or host_of(url) != watched.site.host:
            return {}
        credential = self._credential(watched, watched.credential)
        if urlsplit(url).scheme != "https" and not credential.over_http:
            raise NoWay(
                f"{url}: credential {watched.credential} is sent over https alone; list the site with https, or say"
                f" over_http = true in [{watched.credential}] of the credentials file"
            )
        return credential.request_headers()

    def token_of(self, watched: Watched) -> str | None:
        """The token of the site's credential; None when the site names no credential. Raises `NoWay`."""
        if watched.credential is None:
            return None
        token = self._credential(watched, watched.credential).token
        if token is None:
            raise NoWay(f"credential {watched.credential} has no token; add `token` to it in the credentials file")
        return token.get_secret_value()

    def _there(self, exit: str) -> str:
        if exit not in self.exits:
            raise NoWay(f"there is no exit {exit}; add the line `{exit} URL` to the file of HAETAE_EXITS_FILE")
        return exit

    def _credential(self, watched: Watched, name: str) -> Credential:
        if not ground_of(watched.legal_ground).may_log_in:
            raise NoWay(f"credential {name} is not used: under legal_ground {watched.legal_ground} nobody logs in")
        if name not in self.credentials:
            raise NoWay(f"there is no credential {name}; add [{name}] to the file of HAETAE_CREDENTIALS_FILE")
        return self.credentials[name]
