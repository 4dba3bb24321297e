"""Who stamps: the file that lists time-stamp authorities is mounted, is one, and its authorities are reached."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from deploy.verify.environment import environment
from deploy.verify.pods import Pod
from deploy.verify.rendering import Rendered
from shared.stamps.authorities import Authority, read

AUTHORITIES, CALENDARS = "HAETAE_STAMP_AUTHORITIES_FILE", "HAETAE_OTS_CALENDARS"


def stamping(pod: Pod, rendered: Rendered) -> dict[str, int]:
    """The port of each that it asks for stamps, by what it is called. Raises ValueError for a file that is none."""
    told = {name: one.value or "" for name, one in environment(pod, rendered).items()}
    asked = {f"the calendar {url}": url for url in told.get(CALENDARS, "").split(",") if url}
    if path := told.get(AUTHORITIES):
        asked |= {f"the time-stamp authority {one.name}": one.url for one in _authorities(path, pod, rendered)}
    return {what: _port(url.strip()) for what, url in asked.items()}


def _authorities(path: str, pod: Pod, rendered: Rendered) -> Sequence[Authority]:
    """None of a file that a secret brings: what stands in it nobody here knows."""
    place = PurePosixPath(path)
    mounts = (mount for container in pod.containers for mount in container.get("volumeMounts", ()))
    name = next((one["name"] for one in mounts if one["mountPath"] == str(place.parent)), None)
    volume = next((one for one in pod.spec.get("volumes", ()) if one["name"] == name), None)
    if volume is None:
        raise ValueError(f"{AUTHORITIES} is {path}, where nothing is mounted")
    if "configMap" not in volume:
        return ()
    files = rendered.named("ConfigMap", volume["configMap"]["name"])
    with TemporaryDirectory() as folder:
        for file, text in (files.body.get("data") or {}).items() if files else ():
            (Path(folder) / file).write_text(text)
        try:
            return read(Path(folder) / place.name)
        except ValueError as error:
            raise ValueError(str(error).replace(folder, str(place.parent))) from None


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or {"http": 80}.get(parts.scheme, 443)
