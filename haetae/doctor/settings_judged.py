"""Settings: missing, wrong, unknown, given to whom they do not concern, contradictory, still those of the sample."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from haetae.doctor.diagnosis import Diagnosis, Subject
from haetae.doctor.patient import OWNER, PREFIX, Patient, settings_class
from services import SERVICES

SETTINGS = Subject("settings")
# Read by the command line, the tests or the images, by no service.
BESIDE = frozenset({"HAETAE_SECRETS_DIR", "HAETAE_MAIL_API", "HAETAE_TEST_STACK", "HAETAE_STACK_HOME"})
SAMPLE_DOMAINS = (".test", ".example", ".invalid")  # RFC 6761: they never reach anybody
CLOSE_ENOUGH = 0.75  # of difflib's ratio: one or two letters of a name


@cache
def known(service: str) -> frozenset[str]:
    return frozenset(PREFIX + name.upper() for name in settings_class(service).model_fields)


def given(env: Mapping[str, str]) -> list[str]:
    """Names of settings, from the variables and the folder of secrets."""
    folder = env.get("HAETAE_SECRETS_DIR")
    files = [path.name.upper() for path in Path(folder).iterdir()] if folder and Path(folder).is_dir() else []
    return sorted({*env, *(name for name in files if name.startswith(PREFIX))})


async def look(patient: Patient) -> Sequence[Diagnosis]:
    found = [*wrong(patient), *strange(patient)]
    if patient.settings is not None:
        found += [*sample(patient), *contradictory(patient)]
    return found or [SETTINGS.ok("as a whole", "every one is known, right, and where it belongs")]


def wrong(patient: Patient) -> Iterator[Diagnosis]:
    """What the service would refuse to start with. Values are never shown."""
    if patient.problem is None:
        return
    fields = settings_class(patient.service).model_fields
    for one in patient.problem.errors(include_input=False, include_url=False):
        name = str(one["loc"][0]) if one["loc"] else ""
        meaning = fields[name].description or "" if name in fields else ""
        variable = (PREFIX + name).upper() if name else "settings"
        if one["type"] == "missing":
            yield SETTINGS.failed(variable, "is not set", f"set it: {meaning}")
        else:
            yield SETTINGS.failed(variable, str(one["msg"]).removeprefix("Value error, "), meaning or "set it right")


def strange(patient: Patient) -> Iterator[Diagnosis]:
    everybody = frozenset().union(*map(known, SERVICES)) | BESIDE
    own = everybody if patient.service == OWNER else known(patient.service) | BESIDE
    for name in given(patient.env):
        if not name.startswith(PREFIX) or name in own:
            continue
        if name not in everybody:
            near = difflib.get_close_matches(name, everybody, 1, CLOSE_ENOUGH)
            cure = f"write {near[0]}" if near else "remove it; docs/settings.md lists every setting"
            yield SETTINGS.failed(name, "no service knows this setting", cure)
        elif name in secrets() and patient.service != OWNER:
            whose = [service for service in SERVICES if name in known(service)]
            said = f"is told to {patient.service}, which does not need it"
            yield SETTINGS.failed(name, said, f"give it to {', '.join(whose)} alone")


@cache
def secrets() -> frozenset[str]:
    """Those that hold a secret themselves, of whichever service."""
    fields = [item for service in SERVICES for item in settings_class(service).model_fields.items()]
    return frozenset(PREFIX + name.upper() for name, field in fields if "SecretStr" in str(field.annotation))


def sample(patient: Patient) -> Iterator[Diagnosis]:
    """What stands in notices, in mails and in requests to sites."""
    fields = settings_class(patient.service).model_fields
    left = [
        PREFIX + name.upper()
        for name in fields
        if name.startswith("agency_") and getattr(patient.settings, name) == fields[name].default
    ]
    if left:
        said = f"{', '.join(left)}: still the sample's, which every notice would carry"
        yield SETTINGS.warning("agency", said, "set them to the agency's own")
    for name in ("mail_from", "agency_reply_to", "contact"):
        value = str(getattr(patient.settings, name, ""))
        if value.endswith(SAMPLE_DOMAINS):
            variable = PREFIX + name.upper()
            yield SETTINGS.warning(variable, "is of a domain that never resolves", "set the agency's own address")


def contradictory(patient: Patient) -> Iterator[Diagnosis]:
    values = patient.settings
    url = str(getattr(values, "gateway_url", None) or "")
    if url.startswith("http://") and not local(urlsplit(url).hostname or ""):
        said = "log-ins and cases would cross the network unencrypted"
        yield SETTINGS.failed("HAETAE_GATEWAY_URL", said, "end TLS before the gateway and give the https:// address")
    if url.startswith("https://") and not values.gateway_tls:
        said = "browsers come over HTTPS, and cookies are not marked Secure"
        yield SETTINGS.failed("HAETAE_GATEWAY_TLS", said, "set HAETAE_GATEWAY_TLS=1")
    if getattr(values, "oidc_issuer", None) and not (url and values.oidc_people_file):
        lacking = "HAETAE_OIDC_PEOPLE_FILE" if url else "HAETAE_GATEWAY_URL"
        yield SETTINGS.failed("HAETAE_OIDC_ISSUER", f"an identity provider needs {lacking}", f"set {lacking}")
    if getattr(values, "second_factor", "required") == "optional" and not local(values.gateway_host):
        said = "whoever learns a password is in"
        yield SETTINGS.warning("HAETAE_SECOND_FACTOR", said, "set HAETAE_SECOND_FACTOR=required")
    if getattr(values, "ladder_hour_seconds", 3600.0) < 3600.0:
        said = "an hour of the ladder is shorter than an hour: recipients would be pressed within minutes"
        yield SETTINGS.failed("HAETAE_LADDER_HOUR_SECONDS", said, "unset HAETAE_LADDER_HOUR_SECONDS")
    yield from _of_objects(patient)


def _of_objects(patient: Patient) -> Iterator[Diagnosis]:
    values = patient.settings
    endpoint = getattr(values, "s3_endpoint", None)
    if endpoint and not values.s3_secure and not local(endpoint.rpartition(":")[0]):
        said = "the S3 key and all objects cross the network unencrypted"
        yield SETTINGS.warning("HAETAE_S3_SECURE", said, "give the store TLS and set HAETAE_S3_SECURE=1")
    if "quarantine_key" in settings_class(patient.service).model_fields and not values.hash_only:
        half = [name for name in ("quarantine_key", "s3_endpoint", "s3_access_key") if not getattr(values, name)]
        if 0 < len(half) < 3:
            variables = " and ".join(PREFIX + name.upper() for name in half)
            said = f"{variables} not set, so that pictures are not kept for reading"
            yield SETTINGS.failed("quarantine", said, f"set {variables}, or HAETAE_HASH_ONLY=1")
    url = getattr(values, "transit_url", None)
    if url and not (values.transit_token or values.transit_token_file):
        said = "a key service without a token to it"
        yield SETTINGS.failed("HAETAE_TRANSIT_URL", said, "set HAETAE_TRANSIT_TOKEN_FILE")
    if url and url.startswith("http://") and not local(urlsplit(url).hostname or ""):
        said = "keys of cases would cross the network unencrypted"
        yield SETTINGS.failed("HAETAE_TRANSIT_URL", said, "give the https:// address")


def local(host: str) -> bool:
    """Whether it is this machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
