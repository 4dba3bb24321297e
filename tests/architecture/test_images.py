"""Each image has what its program needs: the Containerfile's files, its lock's packages, nothing of this checkout."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.images import licences, pods
from deploy.images.building import MOUNTED, told
from deploy.images.engine import IMAGES
from deploy.images.seccomp import profile
from deploy.verify.rendering import render
from services import SERVICES
from shared.version import VERSION

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "deploy/images/Containerfile").read_text()
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
    """What the COPY lines bring to /app, and `only.sh` leaves there. A source that matches nothing is an error."""
    for sources, target in re.findall(r"^COPY ((?:[\w./*${}]+ )+)/app/(\S*)$", CONTAINERFILE, re.M):
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
    subprocess.run(["sh", ROOT / "deploy/images/only.sh", service, folder], check=True)
    others = {path.name for path in (folder / "services").iterdir() if path.is_dir()} - {service}
    assert (service == "cli") == bool(others), others


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


def test_locks_manifests_and_images_name_the_same_services():
    named = set(
        re.findall(
            r"registry\.example/haetae/(\w+)",
            "".join(path.read_text() for path in (ROOT / "deploy/k8s/overlays/production").glob("*.yaml")),
        )
    )
    assert named == set(IMAGES) == {lock.stem for lock in (ROOT / "locks").glob("*.lock")} & set(IMAGES)
    assert "EXPOSE 9000" in CONTAINERFILE


def test_no_package_of_an_image_is_under_the_gpl_unless_it_is_said():
    assert licences.problems(ROOT / "locks") == []


def test_a_package_under_the_gpl_is_found(tmp_path, monkeypatch):
    for image in IMAGES:
        (tmp_path / f"{image}.lock").write_text("pymerkle==6.1.0 \\\n")
    assert "pymerkle is under GNU General Public" in licences.problems(tmp_path)[0]
    for image in IMAGES:
        (tmp_path / f"{image}.lock").write_text("")
    (tmp_path / "torch-cpu.lock").write_text("pymerkle==6.1.0 \\\n")
    assert "pymerkle is under GNU General Public" in licences.problems(tmp_path)[0]
    monkeypatch.setattr(licences, "SAID", {})
    assert {one.partition(":")[0] for one in licences.problems(tmp_path)[:2]} == {"av", "pillow-heif"}


def test_the_builder_s_pip_is_told_inside_what_it_is_told_outside(tmp_path):
    listed = f":env:.cert='{tmp_path}'\nglobal.cert='/nowhere'\nglobal.extra-index-url='file://{tmp_path} https://x.test/s'\n"
    said = told(listed)
    assert said.paths == (str(tmp_path),)
    assert (
        said.text
        == f"[global]\ncert = {MOUNTED}{tmp_path}\nextra-index-url = file://{MOUNTED}{tmp_path} https://x.test/s\n"
    )


def test_a_pod_becomes_a_container_that_may_nothing(tmp_path):
    rendered = render("dev")
    pod = pods.pod_of("crawler", rendered)
    words = pods.options(pod, rendered, tmp_path)
    assert {"--network=none", "--read-only", "--cap-drop=ALL", "--user=65532:65532"} <= set(words)
    assert "--env=HAETAE_OPS_PORT=9000" in words
    assert (tmp_path / "secrets/HAETAE_S3_ACCESS_KEY").read_bytes() == b"crawler"
    assert b"PRIVATE KEY" in (tmp_path / "kafka/user.key").read_bytes()
    assert not [word for word in words if "only-for-dev" in word]
    assert pods.command(pod) == ["python", "-m", "services.crawler"]
    denied = {"names": ["unshare", "mount"], "action": "SCMP_ACT_ERRNO"}
    rules = profile(rendered, {"syscalls": [denied]})["syscalls"]
    assert rules[0]["names"] == ["mount"]
    assert rules[1]["action"] == "SCMP_ACT_ALLOW"
    assert "unshare" in rules[1]["names"]


def test_images_run_as_nobody_in_particular():
    assert re.findall(r"^USER (\S+)", CONTAINERFILE, re.M) == ["65532:65532"]


@pytest.mark.parametrize("lock", sorted((ROOT / "locks").glob("*.lock")), ids=lambda lock: lock.stem)
def test_every_package_is_pinned_by_hash(lock):
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text().strip()):
        assert re.match(r"[A-Za-z0-9._-]+==", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_version_is_the_package_s():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
