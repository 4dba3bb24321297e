"""Whom the doctor sees: the services of an embedded stack, of this environment, or one of them as it is told here."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import access
from deploy.local.home import read_env
from deploy.local.leftovers import marked
from haetae import weights
from haetae.doctor import kept as backup
from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import OWNER, PREFIX, Patient, patient
from services import SERVICES
from shared.clock import SystemClock

STACK = Subject("stack")
URL = "HAETAE_DATABASE_URL"
MODEL = Path("var/models/text")


def here() -> dict[str, str]:
    """The settings of this process's own environment."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def of_service(service: str, env: Mapping[str, str]) -> list[Patient]:
    """As it would start with exactly this environment."""
    return [patient(service, env)]


def of_environment(env: Mapping[str, str]) -> list[Patient]:
    """All of them, as `haetae run` would tell each its part. Their own passwords nobody knows here."""
    return [Patient(OWNER, env), *(patient(name, access.allowed(name, env), own_login=False) for name in SERVICES)]


def of_stack(home: Path, env: Mapping[str, str]) -> tuple[list[Patient], list[Diagnosis]]:
    """Of the embedded stack in `home`, from what it wrote there. Raises `ValueError` when there is none."""
    if not (home / "secrets.json").exists():
        raise ValueError(
            f"there is no stack in {home}: give its folder with --home (`haetae run` says which), or set {URL} and the "
            "others of docs/settings.md"
        )
    told, kept = {**env, **read_env(home / "env")}, json.loads((home / "secrets.json").read_text())
    told["HAETAE_GATEWAY_PORT"] = str(json.loads((home / "ports.json").read_text()).get("gateway", 8080))
    seen: list[Patient] = [Patient(OWNER, told)]
    for name in SERVICES:
        own = access.allowed(name, told)
        password = kept.get(f"role_{name}")
        if URL in told and password:
            own[URL] = access.service_url(told[URL], name, password)
        if name in access.S3_USERS and (secret := kept.get(f"s3_{name}")):
            store = {name: value for name, value in told.items() if name.startswith("HAETAE_S3_")}
            own |= {**store, "HAETAE_S3_ACCESS_KEY": name, "HAETAE_S3_SECRET_KEY": secret}
        if name == "classifier" and "HAETAE_TEXT_MODEL" not in own:
            own |= weights.settings(MODEL)
        seen.append(patient(name, own, own_login=bool(password)))
    beside = judge_home(home, running=bool(marked(home.resolve())))
    return seen, [*beside, backup.look(home, SystemClock().now())]


def judge_home(home: Path, running: bool) -> Sequence[Diagnosis]:
    found = []
    if not running:
        found.append(STACK.failed("running", f"nothing of the stack in {home} runs", f"haetae run --home {home}"))
    for name in ("secrets.json", "env", "ports.json"):
        if (path := home / name).exists() and path.stat().st_mode & 0o077:
            said = f"others on this machine may read {path}"
            found.append(STACK.failed("secrets", said, f"chmod 600 {path}"))
    return found or [STACK.ok("running", f"the stack in {home} runs, and its secrets are its owner's alone")]
