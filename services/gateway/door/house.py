"""What an agency says of its door: the settings, and a file of its own with telephone numbers and partners.

Nothing of it is invented here: an agency that gave no file shows no number.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.gateway.agencies.scoping import HOME
from shared.toml import read_toml

Words = Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=300)]], Field(min_length=1, max_length=20)]
FALLBACK = ("en", "ko")


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Phone(_Given):
    """A number to call. `name`, `hours`: by language. `urgent`: for danger, shown on top of every page."""

    name: Words
    number: Annotated[str, Field(pattern=r"^[0-9+*# ()-]{2,30}$")]
    hours: dict[str, str] = {}
    urgent: bool = False

    @property
    def dialled(self) -> str:
        return "".join(one for one in self.number if one in "0123456789+*#")


class Partner(_Given):
    """Whom a person may ask to be called by. `services`: counselling, legal, medical. `accounts`: the logins of the
    partner's programs, which may fetch what was referred to it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    name: Words
    services: Annotated[
        tuple[Annotated[str, Field(pattern=r"^(counselling|legal|medical)$")], ...], Field(min_length=1)
    ]
    accounts: tuple[str, ...] = ()


class HouseFile(_Given):
    phones: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    partners: Annotated[tuple[Partner, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.id for one in self.partners}) < len(self.partners):
            raise ValueError("partners: two have the same id; give each its own")
        return self


@dataclass(frozen=True)
class House:
    """`open`: whether the form takes reports. `leave_to`: where quick exit leads. `keep`: for how long contact data are
    kept at most. `stalled`, `late`: until a report without progress, or a referral without receipt, is an alarm."""

    file: HouseFile = field(default_factory=HouseFile)
    open: bool = True
    agency: str = HOME
    leave_to: str = "https://www.wikipedia.org/"
    most_from_place: int = 20
    most_an_hour: int = 1_000
    keep: timedelta = timedelta(days=365)
    stalled: timedelta = timedelta(hours=6)
    late: timedelta = timedelta(hours=24)

    def partner(self, id: str) -> Partner | None:
        return next((one for one in self.file.partners if one.id == id), None)

    def partners_of(self, login: str) -> frozenset[str]:
        """Those that the account fetches for."""
        return frozenset(one.id for one in self.file.partners if login in one.accounts)


def in_language(words: Mapping[str, str], language: str) -> str:
    """Its words in the language, else in a common one, else in whichever there is; empty for none."""
    for wanted in (language, *FALLBACK):
        if wanted in words:
            return words[wanted]
    return next(iter(words.values()), "")


def read_file(path: Path | None) -> HouseFile:
    """Raises `ValueError` that names the setting, the field and the cure."""
    if path is None:
        return HouseFile()
    try:
        return HouseFile.model_validate(read_toml(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ValueError(f"HAETAE_DOOR_FILE: {path} cannot be read ({error.strerror}); give a file that can") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"HAETAE_DOOR_FILE: {path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"HAETAE_DOOR_FILE: {place}: {first['msg']}") from error
