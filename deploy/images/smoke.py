"""Starts an image as its pod of deploy/k8s would be started, without a network: what an image must hold, it holds or
`Failed` says which not. No server is there, so a service must live, wait, and say for what."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.images import contents, pods
from deploy.images.engine import Failed, engine, image, podman
from deploy.images.seccomp import default, profile
from deploy.verify.pods import Pod
from deploy.verify.rendering import Rendered

# The startup probe gives three minutes.
LIVE_SECONDS = 180.0
ASK = """
import json, urllib.error, urllib.request
def ask(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:9000/{path}", timeout=30) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)
print(json.dumps([ask("livez"), ask("readyz")]))
"""
WRITE = "for d in / /app /opt/haetae /etc /var/tmp /run /home; do touch $d/smoke 2>/dev/null && echo $d; done; true"
KEPT = "find /tmp -type f | wc -l"
# A page with a script, through the same class as the services': its sandbox is on, since no process is root's.
CHROMIUM = """
import asyncio
from shared.browser.instance import Instance
from shared.browser.chromium import find_chromium
async def main():
    one = await Instance.start(find_chromium(None))
    page = await one.browser.new_page()
    await page.set_content("<p id=a></p><script>a.textContent = 'lan' + 'tern'</script>")
    print(await page.inner_text("#a"))
    await one.browser.close()
asyncio.run(main())
"""


@dataclass(frozen=True)
class Passed:
    """What was seen; `waits_for`: the checks that /readyz names."""

    image: str
    megabytes: int
    live_after_s: float
    waits_for: tuple[str, ...]
    ended_after_s: float
    files_in_tmp: int
    chromium: str


def smoke(service: str, rendered: Rendered) -> Passed:
    contents.check(service)
    pod = pods.pod_of(service, rendered)
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        words = [*pods.options(pod, rendered, Path(folder)), *_calls(pod, rendered, Path(folder))]
        if service == "cli":
            live, waits, ended, kept = *_command_line(words), 0
        else:
            live, waits, ended, kept = _service(service, words, pod)
        chromium = _chromium(service, words) if pods.own_profile(pod) else "-"
    return Passed(service, megabytes(service), live, waits, ended, kept, chromium)


def megabytes(service: str) -> int:
    return round(int(podman("image", "inspect", "--format", "{{.Size}}", image(service))) / 1e6)


def _service(service: str, words: Sequence[str], pod: Pod) -> tuple[float, tuple[str, ...], float, int]:
    name = f"haetae-smoke-{service}"
    begun = time.monotonic()
    podman("run", "--detach", "--name", name, *words, image(service), *pods.command(pod))
    try:
        waits = _waits_for(name, begun)
        live = time.monotonic() - begun
        if written := podman("exec", name, "sh", "-c", WRITE):
            raise Failed(f"{service}: it can write to {' '.join(written.split())}")
        kept = int(podman("exec", name, "sh", "-c", KEPT))
        begun = time.monotonic()
        podman("stop", "--time", str(pods.grace_seconds(pod)), name)
        ended = time.monotonic() - begun
        status = podman("inspect", "--format", "{{.State.ExitCode}}", name)
        if status != "0":
            raise Failed(f"{service}: SIGTERM ended it with status {status}: {_last_words(name)}")
        return live, waits, ended, kept
    finally:
        podman("rm", "--force", name)


def _waits_for(name: str, begun: float) -> tuple[str, ...]:
    """Once it lives: the checks that it is not ready for. Raises `Failed` when it ends, or is ready for anything."""
    while time.monotonic() - begun < LIVE_SECONDS:
        if podman("inspect", "--format", "{{.State.Running}}", name) != "true":
            raise Failed(f"{name} ended instead of waiting: {_last_words(name)}")
        (live, why), (ready, body) = json.loads(podman("exec", name, "python", "-c", ASK))
        if live == 200 and ready == 503:
            return tuple(sorted(json.loads(body)["errors"]))
        if live:
            raise Failed(f"{name}: /livez {live} {why}, /readyz {ready} {body} instead of 200 and 503")
        time.sleep(0.5)
    raise Failed(f"{name} did not answer /livez within {LIVE_SECONDS:g} s: {_last_words(name)}")


def _command_line(words: Sequence[str]) -> tuple[float, tuple[str, ...], float]:
    """The migrations' pod, without a database: it ends, unhappily, and says for what it waited."""
    begun = time.monotonic()
    help_ = podman("run", "--rm", *words, image("cli"))
    took = time.monotonic() - begun
    if "migrate" not in help_:
        raise Failed("cli: its help does not name `migrate`")
    begun = time.monotonic()
    try:
        podman("run", "--rm", *words, image("cli"), "python", "-m", "haetae", "migrate")
    except Failed as failed:
        if "Traceback" in str(failed) or "database" not in str(failed).lower():
            raise Failed(f"cli: `migrate` without a database does not say what it misses: {failed}") from failed
        return took, ("database",), time.monotonic() - begun
    raise Failed("cli: `migrate` was content without a database")


def _calls(pod: Pod, rendered: Rendered, folder: Path) -> list[str]:
    """The profile of components/chromium-seccomp, where the pod asks for one; else the run time's default stands."""
    if not pods.own_profile(pod):
        return []
    file = folder / "seccomp.json"
    file.write_text(json.dumps(profile(rendered, default())))
    return [f"--security-opt=seccomp={file}"]


def _chromium(service: str, words: Sequence[str]) -> str:
    said = podman("run", "--rm", *words, image(service), "python", "-c", CHROMIUM)
    if said.splitlines()[-1:] != ["lantern"]:
        raise Failed(f"{service}: Chromium did not run the page's script: {said[-600:]}")
    return "draws"


def _last_words(name: str) -> str:
    run = subprocess.run(engine("podman", "logs", "--tail", "15", name), capture_output=True, text=True, timeout=60)  # noqa: S603  # our words
    return (run.stdout + run.stderr)[-1500:]
