"""Each image has what its program needs: the Dockerfile's files, its lock's packages, and nothing of this checkout."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from services import SERVICES
from shared.version import VERSION

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Runs inside the copied files: whatever is not in the locks is as good as not installed.
START = """
import importlib, importlib.metadata, re, sys
folder, module, *locks = sys.argv[1:]
named = {re.sub(r"[-_.]+", "-", name).lower() for lock in locks
         for name in re.findall(r"^([A-Za-z0-9._-]+)==", open(lock).read(), re.M)}
of_dist = importlib.metadata.packages_distributions()
finders = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
class Image:
    def find_spec(self, name, path=None, target=None):
        dists = of_dist.get(name)
        if dists and not named & {re.sub(r"[-_.]+", "-", dist).lower() for dist in dists}:
            return None
        return next((spec for finder in finders if (spec := finder.find_spec(name, path, target))), None)
    def find_distributions(self, context):
        known = importlib.metadata.MetadataPathFinder.find_distributions(context)
        return (dist for dist in known if dist.name != "haetae")
sys.meta_path[:] = [Image()]
sys.path[:] = [folder, *(p for p in sys.path if p and not p.startswith(sys.argv[0]) and p != REPO)]
importlib.import_module(module)
assert sys.modules[module].__file__.startswith(folder), sys.modules[module].__file__
"""


def build(service: str, folder: Path) -> None:
    """What the last stage's COPY lines bring to /app. As docker does, a source that matches nothing is an error."""
    for sources, target in re.findall(r"^COPY ((?:[\w./*${}]+ )+)/app/(\S*)$", DOCKERFILE, re.M):
        for pattern in sources.replace("${SERVICE}", service).split():
            matching = list(ROOT.glob(pattern.rstrip("/")))
            assert matching, f"COPY {pattern}: no such file"
            goal = folder / target.replace("${SERVICE}", service)
            for path in matching:
                if path.is_dir():
                    shutil.copytree(path, goal, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    goal.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(path, goal)


@pytest.mark.parametrize("service", [*SERVICES, "cli"])
def test_an_image_has_all_that_its_program_imports(service, tmp_path):
    build(service, tmp_path)
    module = "haetae.cli" if service == "cli" else f"services.{service}.app"
    locks = [ROOT / "locks" / f"{service}.lock", *([ROOT / "locks/torch.lock"] if service == "classifier" else [])]
    code = START.replace("REPO", repr(str(ROOT)))
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), module, *map(str, locks)],
        cwd=tmp_path, capture_output=True, text=True, env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]


def test_images_run_as_nobody_in_particular():
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["65532:65532"]


@pytest.mark.parametrize("lock", sorted((ROOT / "locks").glob("*.lock")), ids=lambda lock: lock.stem)
def test_every_package_is_pinned_by_hash(lock):
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text().strip()):
        assert re.match(r"[A-Za-z0-9._-]+==", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_version_is_the_package_s():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
