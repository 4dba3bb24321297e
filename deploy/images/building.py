"""Builds an image from the Containerfile, in the builder's own words to pip, and, where asked, on a base of its own."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.images.engine import STORE, Failed, buildah, call, image, podman
from shared.version import VERSION

FILE = "deploy/images/Containerfile"
# `BASE=debootstrap`: no registry of images is asked, only Debian's mirror.
OWN = "debootstrap"
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
SOURCES = "".join(
    f"deb {place} main\n"
    for place in (
        f"{MIRROR} {SUITE}",
        f"{MIRROR} {SUITE}-updates",
        f"http://deb.debian.org/debian-security {SUITE}-security",
    )
)
ADD_PYTHON = (
    "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3"
    " && rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
)
# Where what the builder's pip is told to read lies during a build. The folder is there in every Debian, and what is
# mounted stands on a folder of the builder's: no place of its disk is named in the image.
MOUNTED = "/mnt"
FILE_URL = "file://"
REVISION, CHANGED = "org.opencontainers.image.revision", "-dirty"  # as `git describe --dirty` says it
LOGS = ("deploy/images/smoke.log", "deploy/verify/apiserver/verify.log")  # written beside the code, by what judges it


def build(service: str, base: str) -> None:
    """`base`: an image by its digest, or `debootstrap`. Raises `Failed`."""
    with TemporaryDirectory() as folder:
        pip = told(call([sys.executable, "-m", "pip", "config", "list"]))
        config = Path(folder) / "pip.conf"
        config.write_text(pip.text)
        words = ["--isolation", "chroot", "--layers", "--secret", f"id=pip,src={config}", "--timestamp", _epoch()]
        if pip.paths:
            words += ["--volume", f"{_places(Path(folder) / 'mnt', pip.paths)}:{MOUNTED}:ro"]
        for path in pip.paths:
            words += ["--volume", f"{path}:{MOUNTED}{path}:ro"]
        arguments = {"BASE": own_base() if base == OWN else base, "SERVICE": service, "VERSION": VERSION}
        arguments |= {"REVISION": commit(), "SOURCE_DATE_EPOCH": _epoch()}
        for name, value in arguments.items():
            words += ["--build-arg", f"{name}={value}"]
        buildah("bud", *words, "--file", FILE, "--tag", image(service), ".", show=True)


def tidy() -> None:
    """Steps of the builds that only the next build of the same minute would have used: as large as the images."""
    buildah("rm", "--all")
    buildah("rmi", "--prune")


def own_base() -> str:
    """Debian with its security updates and its Python, made once."""
    name = image("base")
    if buildah("images", "--quiet", "--filter", f"reference={name}"):
        return name
    with TemporaryDirectory(dir=_store()) as folder:
        root = Path(folder) / "root"
        call(["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root), MIRROR], show=True)
        (root / "etc/apt/sources.list").write_text(SOURCES)
        container = buildah("from", "scratch")
        buildah("add", container, root, "/")
        buildah("run", "--isolation", "chroot", container, "--", "sh", "-c", ADD_PYTHON, show=True)
        buildah("commit", "--rm", container, name)
    return name


@dataclass(frozen=True)
class Told:
    """What the builder's pip is told, as the text of a pip.conf for inside, and the paths that it names."""

    text: str
    paths: tuple[str, ...]


def told(listed: str) -> Told:
    """Of `pip config list`. The environment is listed first there and wins over files."""
    values: dict[str, str] = {}
    for key, value in _options(listed):
        values.setdefault(key, value)
    local = [path for value in values.values() for word in value.split() if (path := _local(word))]
    text = "".join(f"{key} = {' '.join(map(_inside, value.split()))}\n" for key, value in values.items())
    # An index on a disk keeps its files beside its folder `simple`.
    paths = (path.removesuffix("/simple") for path in local)
    return Told("[global]\n" + text, tuple(dict.fromkeys(paths)))


def _options(listed: str) -> Iterator[tuple[str, str]]:
    for line in listed.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name.rpartition(".")[2], " ".join(str(ast.literal_eval(value)).split())


def _local(word: str) -> str | None:
    path = word.removeprefix(FILE_URL).rstrip("/")
    return path if path.startswith("/") and Path(path).exists() else None


def _inside(word: str) -> str:
    path = _local(word)
    return word if path is None else f"{FILE_URL if word.startswith(FILE_URL) else ''}{MOUNTED}{path}"


def _places(folder: Path, paths: tuple[str, ...]) -> Path:
    """Something to mount each path on: a file on a file, a folder on a folder."""
    for path in paths:
        place = folder / path.lstrip("/")
        (place.parent if Path(path).is_file() else place).mkdir(parents=True, exist_ok=True)
        if Path(path).is_file():
            place.touch()
    return folder


def _store() -> Path:
    STORE.mkdir(parents=True, exist_ok=True)
    return STORE


def commit() -> str:
    """What an image is built of: files as they lie there, of which a commit tells only where nothing is changed."""
    changed = _git("status", "--porcelain", "--", ".", *(f":!{log}" for log in LOGS))
    return _git("rev-parse", "HEAD") + (CHANGED if changed else "")


def revision(service: str) -> str:
    """Of the built image, as it says itself; shortened."""
    whole = podman("image", "inspect", "--format", f'{{{{index .Labels "{REVISION}"}}}}', image(service))
    return whole.removesuffix(CHANGED)[:7] + (CHANGED if whole.endswith(CHANGED) else "")


def _epoch() -> str:
    """When the commit was made, so that the same commit is the same image whenever it is built."""
    return _git("show", "--no-patch", "--format=%ct", "HEAD")


def _git(*words: str) -> str:
    try:
        return call(["git", *words])
    except (Failed, FileNotFoundError, subprocess.SubprocessError) as error:
        raise Failed("images are built from a git checkout, whose commit they name") from error
