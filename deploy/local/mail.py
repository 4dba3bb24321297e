"""The mail sink as a part of the stack."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.local.home import Home
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK, http
from deploy.local.process import ProcessSpec

PREFERRED_SMTP, PREFERRED_HTTP = 25025, 25080
PROJECT = Path(__file__).resolve().parents[2]


def mail(home: Home, claim: Claim) -> Part:
    smtp, web = claim("smtp", PREFERRED_SMTP), claim("mail", PREFERRED_HTTP)
    spec = ProcessSpec(
        name="mail",
        command=[
            sys.executable, "-m", "deploy.local.mailsink",
            "--smtp-port", str(smtp), "--http-port", str(web), "--folder", home.folder("mail"),
        ],
        ready=http(web, "/health"),
        cwd=PROJECT,
    )  # fmt: skip
    env = {
        "HAETAE_SMTP_HOST": LOOPBACK,
        "HAETAE_SMTP_PORT": str(smtp),
        "HAETAE_MAIL_API": f"http://{LOOPBACK}:{web}",
    }
    return Part(spec, env)
