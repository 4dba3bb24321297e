"""A healthy house for the doctor, and what can be done to it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from deploy.local.access import libpq_url
from haetae.doctor import admission
from haetae.doctor.checks import CHECKS
from haetae.doctor.diagnosis import Diagnosis
from haetae.doctor.examining import examine
from haetae.doctor.patient import OWNER, Patient
from haetae.doctor.settings_judged import known
from services import SERVICES
from tests.support.stack import LazyStack, Migrated

AGENCY = {
    "HAETAE_AGENCY_NAME": "등불 센터",
    "HAETAE_AGENCY_NAME_EN": "Lantern Centre",
    "HAETAE_AGENCY_MANDATE": "설치법 제1조",
    "HAETAE_AGENCY_MANDATE_EN": "Founding Act, Article 1",
    "HAETAE_AGENCY_ADDRESS": "2 Lantern Street",
    "HAETAE_AGENCY_PHONE": "+82-2-1111-1111",
    "HAETAE_AGENCY_REPLY_TO": "answers@agency.go.kr",
    "HAETAE_AGENCY_SIGNATORY": "Head of the Centre",
    "HAETAE_MAIL_FROM": "notices@agency.go.kr",
    "HAETAE_CONTACT": "mailto:crawler@agency.go.kr",
}


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@dataclass(frozen=True)
class House:
    """`env`: of each service as it would be told; of the owner under `OWNER`."""

    env: Mapping[str, Mapping[str, str]]
    owner_url: str

    def patient(self, service: str, changes: Mapping[str, str | None]) -> Patient:
        """`changes`: settings that are another, or not there (None)."""
        told = {name: value for name, value in {**self.env[service], **changes}.items() if value is not None}
        return Patient(OWNER, told) if service == OWNER else admission.of_service(service, told)[0]

    async def look(self, service: str, subject: str, **changes: str | None) -> list[Diagnosis]:
        """What the checks of this subject say to the service."""
        checks = [check for check in CHECKS if check.subject == subject]
        return await examine([self.patient(service, changes)], checks)

    async def all(self) -> list[Diagnosis]:
        """What all checks say to all."""
        return await examine([self.patient(service, {}) for service in self.env], CHECKS)

    @asynccontextmanager
    async def done(self, do: str, undo: str) -> AsyncIterator[None]:
        """The owner's SQL, while it lasts."""
        await self._run(do)
        try:
            yield
        finally:
            await self._run(undo)

    async def _run(self, statement: str) -> None:
        where = libpq_url(self.owner_url)
        async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
            await connection.execute(statement.encode())


async def healthy(stack: LazyStack, migrated: Migrated, text_model: str) -> House:
    common = await stack.env("postgres", "kafka", "s3", "mail", "authority")
    apart = {"HAETAE_TOPIC_PREFIX": f"t{secrets.token_hex(5)}."}  # from letters that other tests left
    own = {
        "HAETAE_MASTER_KEY": key(),
        "HAETAE_SIGNING_KEY": key(),
        "HAETAE_HISTORY_KEY": key(),
        "HAETAE_QUARANTINE_KEY": key(),
        "HAETAE_APPROVAL_KEY": key(),
    }
    env: dict[str, Mapping[str, str]] = {OWNER: {**common, **apart, "HAETAE_DATABASE_URL": migrated.owner_url}}
    for service in SERVICES:
        told = stack.service_env(service)
        env[service] = {
            **told,
            **apart,
            **{name: value for name, value in own.items() if name in told},
            **{name: value for name, value in AGENCY.items() if name in known(service)},
            "HAETAE_DATABASE_URL": migrated.dsn_for(service),
        }
    env["classifier"] = {**env["classifier"], "HAETAE_TEXT_MODEL": text_model}
    return House(env, migrated.owner_url)


def said(found: Sequence[Diagnosis]) -> str:
    return "\n".join(f"{one.state} {one.subject}: {one.what}: {one.said} → {one.cure}" for one in found)
