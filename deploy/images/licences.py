"""What the packages of the services' locks may be used under: no GPL and no AGPL but where it is said here, and why."""

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from deploy.images.engine import IMAGES

COPYLEFT = re.compile(r"(?<!L)A?GPL|(?<!Lesser )General Public|Affero", re.I)
# What an image has beside its own lock: torch, by the machine that it is for.
BESIDE = ("torch", "torch-cpu")
# Name, and whether a marker says on which systems alone.
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+( ;)?", re.M)
# Packages whose metadata names no licence, as their repositories state it.
UNSAID = {"cedarpy": "Apache-2.0", "pyrage": "MIT"}
# Their own code is BSD; the wheels bring libx264 and libx265 (GPL-2.0-or-later), which encode; nothing here does.
# An agency that runs the image is not concerned; who passes it on passes on these libraries under their licence.
SAID = {"av": "libx264, libx265", "pillow-heif": "libx265"}
BUNDLED = "*.libs/libx26[45]-*.so*"


def problems(locks: Path) -> list[str]:
    """One sentence a package; what is for other systems alone (a marker of the lock) is not installed and not asked."""
    files = [path for name in (*IMAGES, *BESIDE) if (path := locks / f"{name}.lock").exists()]
    pinned = {one for path in files for one in PINNED.findall(path.read_text())}
    site = Path(str(metadata.distribution("pydantic").locate_file("")))
    carriers = {_name(path.parent.name.removesuffix(".libs")) for path in site.glob(BUNDLED)}
    found = [
        f"{name}: its wheel brings a GPL library: say so in licences.SAID" for name in sorted(carriers - set(SAID))
    ]
    return found + [problem for name, marker in sorted(pinned) if (problem := _problem(name, elsewhere=bool(marker)))]


def _problem(name: str, *, elsewhere: bool) -> str | None:
    try:
        said = " / ".join(_licences(metadata.metadata(name))) or UNSAID.get(name, "")
    except metadata.PackageNotFoundError:
        return None if elsewhere else f"{name} is not installed here, so nobody knows its licence: run `make install`"
    if not said:
        return f"{name} names no licence: look it up and say it in licences.UNSAID"
    return f"{name} is under {said}: replace it, or say why in licences.SAID" if COPYLEFT.search(said) else None


def _licences(told: metadata.PackageMetadata) -> Iterator[str]:
    yield from (value for key in ("License-Expression", "License") if (value := (told.get_all(key) or [""])[0][:100]))
    yield from (one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License"))


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
