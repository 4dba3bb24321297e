"""Settings: each that a service needs is supplied, each that is supplied is one, of its kind, and for its eyes."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from deploy.verify.environment import SECRETS_DIR, Supplied, supplied
from deploy.verify.facts import PREFIX, Facts, Told, may_know
from deploy.verify.finding import Finding
from deploy.verify.pods import Pod, services
from deploy.verify.rendering import Rendered

# Either will do; `shared/settings.py` says so in words.
EITHER = {"HAETAE_MASTER_KEY": "HAETAE_TRANSIT_URL"}


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    for name in sorted(set(facts.services) - {pod.name for pod in services(rendered)}):
        yield rendered.finding(f"nothing runs {name}", f"add deploy/k8s/base/{name}, and name it in base")
    for pod in services(rendered):
        if told := facts.services.get(pod.name):
            given = [one for one in supplied(pod, rendered) if one.name.startswith(PREFIX)]
            yield from _doubled(pod)
            yield from _missing(pod, told, {one.name: one for one in given})
            for one in given:
                yield from _wrong(one, told)
        else:
            yield pod.thing.finding(
                "no service of services/ is called so", "name the Deployment after a folder of services/"
            )


def _doubled(pod: Pod) -> Iterator[Finding]:
    for container in pod.containers:
        names = [one["name"] for one in container.get("env", ())]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield pod.thing.finding(f"env {name} stands there twice: the last one counts", "leave one of them")


def _missing(pod: Pod, told: Told, given: Mapping[str, Supplied]) -> Iterator[Finding]:
    needed = {name for name, field in told.fields.items() if field.is_required()}
    needed |= {name for name, other in EITHER.items() if name in told.fields and other not in given}
    for name in sorted(needed - set(given)):
        secret = told.fields[name].annotation in (SecretStr, SecretStr | None)
        where = f"the secret {told.name!r}" if secret else f"the ConfigMap {told.name!r}"
        yield pod.thing.finding(f"{name} is not supplied, and nothing starts without", f"put it into {where}")


def _wrong(one: Supplied, told: Told) -> Iterator[Finding]:
    if one.name == SECRETS_DIR:
        return
    field = told.fields.get(one.name)
    if field is None and one.by.name == told.name:
        yield one.by.finding(
            f"{one.name} is no setting of {told.name}", "see docs/settings.md for the name, or remove the line"
        )
    elif field is None and one.by.kind == "Deployment":
        yield one.by.finding(f"env {one.name} is no setting of {told.name}", "see docs/settings.md, or remove it")
    elif not may_know(told.name, one.name):
        yield one.by.finding(
            f"{told.name} must not know {one.name} (deploy/local/access.py)",
            f"remove it from {one.by.kind} {one.by.name}",
        )
    elif field and one.value is not None:
        yield from _of_another_kind(one, field)


def _of_another_kind(one: Supplied, field: FieldInfo) -> Iterator[Finding]:
    declared: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    if field.annotation in (SecretStr, SecretStr | None):
        yield one.by.finding(f"{one.name} is a secret, in the open", "put it into the service's secret")
        return
    try:
        TypeAdapter(declared).validate_strings(one.value)
    except ValidationError as error:
        why = error.errors(include_input=False, include_url=False)[0]["msg"]
        yield one.by.finding(f"{one.name}: {why}", f"docs/settings.md: {field.description}")


def unused(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    """What all are told must be a setting of all: of a name that nobody knows, nobody says a word."""
    common = set.intersection(*(set(told.fields) for told in facts.services.values())) | {SECRETS_DIR}
    if shared := rendered.named("ConfigMap", "haetae"):
        for name in sorted(set(shared.body["data"]) - common):
            yield shared.finding(f"{name} is no setting that every service has", "see docs/settings.md, or remove it")
