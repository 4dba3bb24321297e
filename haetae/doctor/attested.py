"""Who attests from outside: time-stamp authorities (one stamp over random bytes is asked of each), the identity
provider, and what they say of our clock."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import Patient
from shared.clock import SystemClock
from shared.stamps import authorities
from shared.stamps.stamping import Away, Stamping
from shared.stamps.verifying import Stamped

STAMPS, PROVIDER, CLOCK = Subject("time stamps"), Subject("identity provider"), Subject("clock")
EXPIRES_WITHIN = timedelta(days=90)  # stamps are renewed half a year before: an authority should tell before that
MOST_OFFSET = timedelta(seconds=2)  # a stamp's time has whole seconds with many authorities


async def look_stamps(patient: Patient) -> Sequence[Diagnosis]:
    settings = patient.settings
    try:
        asked = authorities.read(settings.stamp_authorities_file)
    except ValueError:
        return [STAMPS.skipped("authorities", "the file that lists them is wrong; see files")]
    if not asked:
        cure = "list authorities in HAETAE_STAMP_AUTHORITIES_FILE"
        return [STAMPS.warning("authorities", "none is named: nobody else attests when evidence was there", cure)]
    found: list[Diagnosis] = []
    async with Stamping(asked, settings.stamp_seconds, SystemClock()) as stamping:
        for name in stamping.names:
            try:
                found.append(judge_stamp(await stamping.one(name, os.urandom(32), "doctor"), datetime.now(UTC)))
            except Away as error:
                cure = f"see the entry {name} in HAETAE_STAMP_AUTHORITIES_FILE: url, ca_file, policy"
                found.append(STAMPS.failed(name, str(error), cure))
    return found


def judge_stamp(stamp: Stamped, now: datetime) -> Diagnosis:
    offset = timedelta(milliseconds=stamp.offset_ms)
    if abs(offset) > MOST_OFFSET:
        said = f"this machine's clock is {offset.total_seconds():+.1f} s from its own"
        return CLOCK.failed(f"by {stamp.authority}", said, "run NTP (`timedatectl set-ntp true`)")
    if stamp.valid_until - now < EXPIRES_WITHIN:
        said = f"its certificates end on {stamp.valid_until:%Y-%m-%d}: stamps of it soon have to be renewed"
        return STAMPS.warning(stamp.authority, said, "ask it for its next certificate, or name another authority")
    return STAMPS.ok(stamp.authority, f"stamps; its certificates end on {stamp.valid_until:%Y-%m-%d}")


async def look_provider(patient: Patient) -> Sequence[Diagnosis]:
    settings = patient.settings
    if not settings.oidc_issuer:
        return [PROVIDER.skipped("issuer", "none is configured: local accounts alone")]
    from services.gateway.oidc.asking import Asker, Unanswered
    from services.gateway.oidc.provider import Provider

    try:
        provider = Provider(settings.oidc_issuer, Asker(settings.oidc_ca_file), time.monotonic)
        described = await provider.described()
        keys = await provider.keys(None)
    except ValueError as error:
        return [PROVIDER.failed("issuer", str(error), "set HAETAE_OIDC_ISSUER")]
    except OSError:
        return [PROVIDER.failed("authorities", "HAETAE_OIDC_CA_FILE cannot be read", "name a PEM file of certificates")]
    except Unanswered as error:
        return [PROVIDER.failed("answers", str(error), _cure(str(error)))]
    if not keys.keys:
        return [PROVIDER.failed("keys", "it shows no key that signs", "give the provider a signing key (RS256)")]
    return [PROVIDER.ok("issuer", f"{described.issuer}, {len(keys.keys)} keys")]


def _cure(said: str) -> str:
    if "another issuer" in said:
        return "set HAETAE_OIDC_ISSUER to the letter as the provider's description has it (a / at the end counts)"
    if "TLS" in said:
        return "let the provider name its https:// addresses"
    return "see that the provider is reached from here, HAETAE_OIDC_ISSUER and HAETAE_OIDC_CA_FILE"


async def look_clock(patient: Patient) -> Sequence[Diagnosis]:
    """By the time servers of the settings."""
    from services.evidence.circumstances.clocks import Clocks

    compared = await Clocks(patient.settings.ntp_servers, SystemClock()).compared()
    if not compared:
        cure = "name time servers in HAETAE_NTP_SERVERS: captures then tell how right the clock was"
        return [CLOCK.warning("time servers", "none is named", cure), *synchronised()]
    found: list[Diagnosis] = []
    for one in compared:
        if one.offset is None:
            found.append(CLOCK.failed(one.server, one.failure, "see HAETAE_NTP_SERVERS, and that UDP 123 may leave"))
        elif abs(one.offset.offset_ms) > MOST_OFFSET / timedelta(milliseconds=1):
            said = f"this machine's clock is off by {-one.offset.offset_ms / 1000:+.1f} s"
            found.append(CLOCK.failed(one.server, said, "run NTP (`timedatectl set-ntp true`)"))
        else:
            found.append(CLOCK.ok(one.server, f"off by {-one.offset.offset_ms} ms"))
    return found


def synchronised(marks: Sequence[Path] = (Path("/run/systemd/timesync"), Path("/run/chrony"))) -> list[Diagnosis]:
    if any(mark.exists() for mark in marks) or not Path("/run/systemd/system").exists():
        return []  # in a container the clock is the host's
    said = "no service seems to keep this machine's clock"
    return [CLOCK.warning("kept", said, "install chrony, or `timedatectl set-ntp true`")]
