"""An overlay as `kubectl kustomize` renders it, each object with the file that it comes from."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.verify.finding import Finding

ROOT = Path(__file__).parents[2]
OVERLAYS = ROOT / "deploy/k8s/overlays"
# Written by kustomize (`buildMetadata: [originAnnotations]`): the file, seen from the overlay.
ORIGIN = "config.kubernetes.io/origin"
RENDER_SECONDS = 60


class NotRendered(Exception):
    """kustomize refused, or warned."""


@dataclass(frozen=True)
class Thing:
    overlay: str
    file: str
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body.get("kind"))

    @property
    def api(self) -> str:
        return str(self.body.get("apiVersion"))

    @property
    def name(self) -> str:
        return str(self.body.get("metadata", {}).get("name"))

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.body.get("spec") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.body["metadata"].get("labels") or {}

    def finding(self, wrong: str, cure: str) -> Finding:
        return Finding(self.overlay, self.file, f"{self.kind}/{self.name}", wrong, cure)


@dataclass(frozen=True)
class Rendered:
    overlay: str
    things: tuple[Thing, ...]

    def of(self, *kinds: str) -> Iterator[Thing]:
        return (thing for thing in self.things if thing.kind in kinds)

    def named(self, kind: str, name: str) -> Thing | None:
        return next((thing for thing in self.of(kind) if thing.name == name), None)

    def finding(self, wrong: str, cure: str) -> Finding:
        """Of the overlay as a whole."""
        file = f"deploy/k8s/overlays/{self.overlay}/kustomization.yaml"
        return Finding(self.overlay, file, "all", wrong, cure)


def overlays() -> list[str]:
    return sorted(path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml"))


def tool(name: str) -> str:
    """A program beside this Python, of the tools' own environment, or on the path. Raises FileNotFoundError."""
    places = [Path(sys.executable).parent, ROOT / ".venv/platform/bin"]
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", "")]))
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: run `make verify-k8s`, which installs it")
    return found


def yaml_of(overlay: str, folder: Path = OVERLAYS) -> str:
    """Raises `NotRendered` with kustomize's words, also for a warning."""
    command = [tool("kubectl"), "kustomize", str(folder / overlay)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RENDER_SECONDS)  # noqa: S603  # our words
    if run.returncode != 0 or run.stderr.strip():
        raise NotRendered(f"{overlay}: {run.stderr.strip()}")
    return run.stdout


def read(overlay: str, text: str) -> Rendered:
    # The C parser is eight times as fast, and as safe.
    bodies = yaml.load_all(text, Loader=yaml.CSafeLoader)
    return Rendered(overlay, tuple(Thing(overlay, _file(overlay, body), body) for body in bodies if body))


def render(overlay: str) -> Rendered:
    return read(overlay, yaml_of(overlay))


def _file(overlay: str, body: Mapping[str, Any]) -> str:
    told = yaml.safe_load((body.get("metadata", {}).get("annotations") or {}).get(ORIGIN, "")) or {}
    path = told.get("path") or told.get("configuredIn") or "kustomization.yaml"
    place = os.path.normpath(OVERLAYS.relative_to(ROOT) / overlay / path)
    return str(place)
