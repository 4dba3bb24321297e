"""What lies in an image, as CycloneDX: trivy's list of the distribution's packages and Python's, with licences."""

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.images.engine import STORE, buildah, call, image
from deploy.verify.rendering import tool


def write(service: str, folder: Path) -> Path:
    """`folder`/SERVICE.cdx.json. trivy asks nobody: it lists, and looks for no vulnerabilities."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{service}.cdx.json"
    with TemporaryDirectory(dir=STORE) as place:
        archive = Path(place) / "image.tar"
        buildah("push", "--quiet", image(service), f"docker-archive:{archive}:{image(service)}:latest")
        quiet = ["--quiet", "--skip-version-check", "--offline-scan", "--cache-dir", f"{place}/cache"]
        call([tool("trivy"), "image", *quiet, "--input", str(archive), "--format", "cyclonedx", "--output", str(path)])
    told = json.loads(path.read_text())
    told["metadata"]["component"]["name"] = f"haetae/{service}"  # not where the archive lay for a minute
    path.write_text(json.dumps(told, indent=1) + "\n")
    return path


def counted(path: Path) -> str:
    """How many packages of each kind it lists."""
    told = json.loads(path.read_text())
    kinds = Counter(purl.partition(":")[2].partition("/")[0] for one in told["components"] if (purl := one.get("purl")))
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
