"""Photographs out of Debian packages, unpacked and never installed: on Debian and Ubuntu, without root."""

import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGES = ("opencv-doc", "mate-backgrounds", "plasma-workspace-wallpapers")
KEPT = Path("var/photographs")


def unpacked() -> Path | None:
    """The folder of what they install under /usr/share, fetched the first time; None where that cannot be done."""
    share = KEPT / "usr/share"
    if share.is_dir():
        return share
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    print(f"fetching {', '.join(PACKAGES)} for their photographs (240 MB, once) into {KEPT}", flush=True)
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
        try:
            subprocess.run(["apt-get", "-qq", "download", *PACKAGES], cwd=folder, check=True, capture_output=True)
            for package in Path(folder).glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, Path(folder) / "all"], check=True)
        except subprocess.CalledProcessError as error:
            print(f"they could not be had: {(error.stderr or b'').decode(errors='replace').strip()}")
            return None
        (Path(folder) / "all").rename(KEPT)
    return share
