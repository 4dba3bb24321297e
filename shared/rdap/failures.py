"""Why there is no registration data."""

from enum import StrEnum


class Why(StrEnum):
    OFF = "off"  # no bootstrap directory is set
    NO_SERVER = "no_server"  # the directory names none for this object
    NOT_FOUND = "not_found"  # the server says that there is no such object
    RESTING = "resting"  # the server asked to be left alone for a while
    AWAY = "away"  # no answer, or none in time
    BROKEN = "broken"  # an answer that is no RDAP


class RdapFailed(Exception):
    """Says which server or object, and what is wrong with it; nothing of what an answer holds."""

    def __init__(self, message: str, why: Why) -> None:
        super().__init__(message)
        self.why = why
