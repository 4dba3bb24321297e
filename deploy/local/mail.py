"""The mail sink as a part of the stack."""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.local.home import Home
from deploy.local.mailsink import AGENCY_DOMAIN
from deploy.local.part import Part
from deploy.local.ports import Claim
from deploy.local.probes import LOOPBACK, http
from deploy.local.process import ProcessSpec

PREFERRED_SMTP, PREFERRED_HTTP, PREFERRED_IMAP = 25025, 25080, 25143
USER = f"answers@{AGENCY_DOMAIN}"
PROJECT = Path(__file__).resolve().parents[2]


def mail(home: Home, claim: Claim) -> Part:
    smtp, web, imap = claim("smtp", PREFERRED_SMTP), claim("mail", PREFERRED_HTTP), claim("imap", PREFERRED_IMAP)
    password = home.secret("imap")
    spec = ProcessSpec(
        name="mail",
        command=[
            sys.executable, "-m", "deploy.local.mailsink",
            "--smtp-port", str(smtp), "--http-port", str(web), "--imap-port", str(imap), "--user", USER,
            "--folder", home.folder("mail"),
        ],
        env={"MAILSINK_PASSWORD": password},
        ready=http(web, "/health"),
        cwd=PROJECT,
    )  # fmt: skip
    env = {
        "HAETAE_SMTP_HOST": LOOPBACK,
        "HAETAE_SMTP_PORT": str(smtp),
        "HAETAE_MAIL_API": f"http://{LOOPBACK}:{web}",
        "HAETAE_IMAP_HOST": LOOPBACK,
        "HAETAE_IMAP_PORT": str(imap),
        "HAETAE_IMAP_TLS": "none",
        "HAETAE_IMAP_USERNAME": USER,
        "HAETAE_IMAP_PASSWORD": password,
        "HAETAE_IMAP_POLL_SECONDS": "1",
    }
    return Part(spec, env)
