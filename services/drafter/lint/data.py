"""The data files beside the templates: complete in each language, and of one mind."""

from collections.abc import Iterator, Mapping

from services.drafter.law import Laws, Texts
from services.drafter.lint.faults import Fault
from services.drafter.lint.known import PROOFS
from services.drafter.wording import Wording

LAWS, KINDS, DECLARATIONS = "laws.toml", "kinds.toml", "declarations.toml"


def agreeing(laws: Laws, wording: Wording, languages: frozenset[str]) -> Iterator[Fault]:
    """`languages`: those of the templates. The line is 1: TOML does not keep lines."""
    for law in (*laws.law, laws.policy):
        unknown = {demand.field for demand in law.required} - set(PROOFS)
        yield from _each(
            LAWS, f"{law.key}.required: no template writes", unknown, f"the fields are {', '.join(PROOFS)}"
        )
        yield from _kinds(law.key, law.covers, wording)
        if law.clock.kind != "none" and not law.citation:
            yield Fault(LAWS, 1, f"{law.key}: a deadline without a rule", "give its citation, or clock kind none")
        if law.citation and "en" not in law.citation:
            yield Fault(LAWS, 1, f"{law.key}.citation: no `en`", "it stands in for every language that is missing")
        if law.clock.kind in ("hours", "answer") and law.clock.hours is None:
            yield Fault(LAWS, 1, f"{law.key}.clock: no hours", f"kind {law.clock.kind} needs them")
    for home in laws.home:
        yield from _kinds(home.key, home.covers, wording)
    yield from _each(LAWS, "standard: no template writes", _ours(laws) - set(PROOFS), "see the fields of the templates")
    yield from _texts(KINDS, {name: kind.words for name, kind in wording.kinds.items()}, languages)
    yield from _texts(DECLARATIONS, wording.declarations, languages)


def _ours(laws: Laws) -> set[str]:
    return {*laws.standard.required, *laws.standard.reminder, *laws.standard.packet}


def _kinds(key: str, covers: frozenset[str], wording: Wording) -> Iterator[Fault]:
    unknown = covers - set(wording.kinds)
    return _each(LAWS, f"{key}.covers: there is no kind", unknown, f"the kinds are {', '.join(wording.kinds)}")


def _texts(file: str, texts: Mapping[str, Texts], languages: frozenset[str]) -> Iterator[Fault]:
    for name, words in texts.items():
        yield from _each(file, f"{name}: no words in", languages - set(words), "write them, or drop that template")


def _each(file: str, what: str, names: set[str] | frozenset[str], cure: str) -> Iterator[Fault]:
    return (Fault(file, 1, f"{what} `{name}`", cure) for name in sorted(names))
