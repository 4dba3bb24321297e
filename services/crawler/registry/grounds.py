"""Why a site may be visited, and what follows for robots.txt and for logging in (data: `data/grounds.toml`)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, StrictBool, TypeAdapter, ValidationError

from shared.toml import read_toml

FILE = Path(__file__).parent / "data" / "grounds.toml"
DEFAULT_GROUND = "public"


class Ground(BaseModel):
    """`obeys_robots`: robots.txt binds whatever the site's line says. `may_log_in`: a credential may be used.

    `confidence`: of the source, H, M or L. `verify`: a lawyer has to check it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str
    source: str
    confidence: Literal["H", "M", "L"]
    obeys_robots: StrictBool
    may_log_in: StrictBool
    verify: StrictBool


def read_grounds(path: Path = FILE) -> dict[str, Ground]:
    """Raises `ValueError` naming the field. There is always `public`, which forbids."""
    try:
        grounds = TypeAdapter(dict[str, Ground]).validate_python(read_toml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError(f"{path}: {'; '.join(wrong)}") from error
    public = grounds.get(DEFAULT_GROUND)
    if public is None or not public.obeys_robots or public.may_log_in:
        raise ValueError(f"{path}: [{DEFAULT_GROUND}] must be there, obey robots.txt and not log in: it is the default")
    return grounds


GROUNDS: Mapping[str, Ground] = read_grounds()


def ground_of(name: str) -> Ground:
    """A name that is not known any more gives no right: it is an ordinary visitor's."""
    return GROUNDS.get(name, GROUNDS[DEFAULT_GROUND])


def obeys(name: str, obey_robots: bool) -> bool:
    """Whether robots.txt binds on a site of this ground: its line makes it stricter, never laxer."""
    return obey_robots or ground_of(name).obeys_robots
