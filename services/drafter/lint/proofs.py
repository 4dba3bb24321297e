"""Whether a template proves what each law demands: rendered for each law and role, with values that tell themselves."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateError

from services.drafter.law import SITE, WATCHERS, Law, Laws
from services.drafter.lint.faults import Fault
from services.drafter.lint.known import PLAIN, PROOFS
from services.drafter.lint.tags import line_of
from services.drafter.rendering import Rendered, render
from services.drafter.wording import Wording

OCCASIONS = {"notice": "first", "reminder": "reminder", "reappeared": "reappeared", "packet": "packet"}
REMINDER = "reminder"
TAG = "[Haetae HT-AAAAAAAA]"


@dataclass(frozen=True)
class _Picture:
    number: int
    url: str
    sha256: str
    pdq: str


@dataclass(frozen=True)
class _Addresses:
    host: str
    page: str
    pictures: tuple[_Picture, ...]


@dataclass(frozen=True)
class _Recipient:
    name: str
    anonymity: str


PICTURE = _Picture(1, "⟦picture.url⟧", "⟦picture.sha256⟧", "⟦picture.pdq⟧")
ADDRESSES = _Addresses("⟦addresses.host⟧", "⟦addresses.page⟧", (PICTURE,))


def proven(template: str, templates: Environment, laws: Laws, wording: Wording) -> Iterator[Fault]:
    """Of one template, each fault once."""
    occasion, language = template.split(".")[:2]
    seen: set[str] = set()
    for law in (*laws.law, laws.policy):
        for role in sorted({*law.binds, *(WATCHERS if SITE in law.binds else ())}):
            try:
                read = _rendered(template, templates, law, laws, wording, role, language)
            except TemplateError as error:
                yield Fault(
                    template, getattr(error, "lineno", None) or 1, str(error), "give what it asks, or take it out"
                )
                return
            for field, what in _missing(read, law, laws, role, OCCASIONS[occasion]):
                if what not in seen:
                    seen.add(what)
                    yield Fault(*_place(template, templates, field), f"{what} ({law.key}, {role})", _cure(field))


def _rendered(
    template: str, templates: Environment, law: Law, laws: Laws, wording: Wording, role: str, language: str
) -> Rendered:
    category = min(law.covers, default="other")
    said = wording.values(category, law, laws, language, role)
    values: dict[str, object] = {
        **{name: f"⟦{name}⟧" for name in PLAIN},
        **{name: f"⟦{name}⟧" if said[name] else "" for name in ("citation", "home_citation", "form")},
        "clock": said["clock"],
        "tag": TAG,
        "role": role,
        "occasion": OCCASIONS[template.split(".")[0]],
        "recipient": _Recipient("⟦recipient.name⟧", "none"),
        "addresses": ADDRESSES,
        "log": [("⟦at⟧", "⟦line⟧")],
    }
    return render(template, values, templates)


def _missing(read: Rendered, law: Law, laws: Laws, role: str, occasion: str) -> Iterator[tuple[str, str]]:
    if not read.heading.startswith(TAG):
        yield "", "the subject does not begin with `tag`"
    if occasion == REMINDER and "⟦date⟧" in read.body:
        yield REMINDER, "a reminder prints `date`, and is written before anybody knows when it goes out"
    for demand in laws.demands(law, occasion):
        words = read.fields.get(demand.field, "")
        if not words.strip() or words.strip() not in read.body:
            yield demand.field, f"nothing proves `{demand.field}`"
            continue
        for placeholder in PROOFS.get(demand.field, ()):
            if f"⟦{placeholder}⟧" not in words:
                yield demand.field, f"`{demand.field}` does not print `{placeholder}`"
    clock = law.clock_for(role)
    if clock.kind == "hours" and "deadline" in read.fields and str(clock.hours) not in read.fields["deadline"]:
        yield "deadline", "`deadline` does not print `clock.hours`"


def _place(template: str, templates: Environment, field: str) -> tuple[str, int]:
    """Where the field is written: in the template or in that which it extends."""
    for name in (template, f"notice.{template.split('.', 1)[1]}"):
        source = templates.loader.get_source(templates, name)[0] if templates.loader else ""
        if (line := line_of(field, templates.parse(source))) is not None:
            return name, line
    return template, 1


def _cure(field: str) -> str:
    if field not in PROOFS:
        return "leave it out" if field else "begin the first line with {{ tag }}"
    needed = " and ".join(f"{{{{ {placeholder} }}}}" for placeholder in PROOFS.get(field, ()))
    return f'write {{% call field("{field}") %}}, words{f" with {needed}" if needed else ""}, {{% endcall %}}'
