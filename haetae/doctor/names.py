"""Names of servers that settings name: each is known to the name servers that this machine asks."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import PREFIX, Patient

NAMES = Subject("names")
# Settings with the servers that a service asks: hosts, `HOST:PORT` or URLs, several separated by commas.
OF_SERVERS = (
    "kafka_bootstrap",
    "database_url",
    "s3_endpoint",
    "smtp_host",
    "imap_host",
    "otlp_endpoint",
    "transit_url",
    "polish_url",
    "oidc_issuer",
    "ntp_servers",
    "ots_calendars",
)
LONGEST_S = 5.0


async def look(patient: Patient) -> Sequence[Diagnosis]:
    asked = list(servers(patient))
    answers = await asyncio.gather(*(_unknown(host) for _, host in asked))
    found = [judge(setting, host, said) for (setting, host), said in zip(asked, answers, strict=True) if said]
    return found or [NAMES.ok("of servers", "all are known")]


def servers(patient: Patient) -> Iterator[tuple[str, str]]:
    """The setting, and each host of it."""
    for name in OF_SERVERS:
        value = getattr(patient.settings, name, None)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")
        for host in hosts(text):
            yield (PREFIX + name).upper(), host


def hosts(text: str) -> Iterator[str]:
    for one in filter(None, (part.strip() for part in text.split(","))):
        if host := urlsplit(one if "://" in one else f"//{one}").hostname:
            yield host


def judge(setting: str, host: str, said: str) -> Diagnosis:
    cure = f"set {setting} to a name that is known here, or mend the name servers of /etc/resolv.conf"
    return NAMES.failed(setting, f"{host} has no address: {said}", cure)


async def _unknown(host: str) -> str:
    """Why it has no address; empty when it has one."""
    try:
        async with asyncio.timeout(LONGEST_S):
            await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return f"no name server answered within {LONGEST_S:g} s"
    except (OSError, UnicodeError) as error:
        return str(error.strerror if isinstance(error, OSError) else "it is no name")
    return ""
