"""What must not lie in an image: other users' rights, places that all may write to, keys, other services' code."""

import json

from deploy.images.engine import SHUT, Failed, image, podman
from services import SERVICES

# Each prints what it finds; nothing found is right. `-xdev`: of the image, not of what the run time mounts.
SEARCHES = {
    "runs with another user's rights": "find / -xdev -type f -perm /6000",
    "may be written by all": r"find / -xdev \( -type f -o -type d ! -perm -1000 \) -perm -0002",
    "is the service's own and may be changed by it": "find /app /opt/haetae -xdev ! -user 0",
    "is a private key": "grep -rlIE '^-----BEGIN ([A-Z]+ )?PRIVATE KEY' /app /etc /root",
    "is the builder's": "find /etc/pip.conf /root/.cache /root/.netrc /app/.env /locks /mnt/*",
}


def check(service: str) -> None:
    """Raises `Failed` with the first of what should not be there."""
    for what, search in SEARCHES.items():
        shell = ["--user=0", "--entrypoint=sh", image(service), "-c", f"{search} 2>/dev/null | head -n 5; true"]
        if found := podman("run", "--rm", *SHUT, *shell):
            raise Failed(f"{service}: {' '.join(found.split())}: {what}")
    told = json.loads(podman("image", "inspect", image(service)))[0]["Config"]
    if told.get("User") != "65532:65532":
        raise Failed(f"{service}: it starts as {told.get('User')!r}, not as 65532:65532")
    secret = [one.partition("=")[0] for one in told["Env"] if one.startswith(("PIP_", "HAETAE_DATABASE", "HAETAE_S3"))]
    if secret:
        raise Failed(f"{service}: {', '.join(secret)} of the builder stand in it")
    _only(service)


def _only(service: str) -> None:
    shell = ["--entrypoint=sh", image(service), "-c", "ls -d /app/*/ /app/services/*/"]
    there = set(podman("run", "--rm", *SHUT, *shell).split())
    foreign = {f"/app/services/{other}/" for other in SERVICES if other != service} | {"/app/deploy/", "/app/haetae/"}
    if service != "cli" and (found := there & foreign):
        raise Failed(f"{service}: it has code of others: {' '.join(sorted(found))}")
