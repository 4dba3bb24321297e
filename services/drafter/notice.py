"""One notice to one recipient on one occasion: written, checked, proven; or refused with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.drafter.attachments import BadReport
from services.drafter.contacts.behind import REGISTRY, is_registry
from services.drafter.contacts.candidates import OPERATORS
from services.drafter.contacts.places import Addresses
from services.drafter.contacts.resolve import Asked, key
from services.drafter.direction import isolated
from services.drafter.languages import languages_for
from services.drafter.law import WATCHERS, Law
from services.drafter.office import Office
from services.drafter.parts import WITH_XARF, attachments, fields
from services.drafter.problems import Problem
from services.drafter.rendering import Rendered, stamp
from services.drafter.requirements import altered, prove
from shared.events import EvidenceSealed, LogLine
from shared.events.values import Attachment, Notice, NoticeClock, Recipient
from shared.identity import identity
from shared.notices import reference, sealed
from shared.text import one_line

FIRST, REMINDER, REAPPEARED, PACKET = "first", "reminder", "reappeared", "packet"
TEMPLATES = {FIRST: "notice", REMINDER: "reminder", REAPPEARED: "reappeared", PACKET: "packet"}
MAX_SUBJECT = 180  # characters: shown whole by common mail programs in two lines
BETWEEN = "\n" + "-" * 60 + "\n\n"
UNSEALED = "0" * 64
OURS, WORLDS = "ko", "en"  # the language of whoever approves, and that of machine-readable reports


@dataclass(frozen=True)
class Occasion:
    """Why this notice is written. `round`: of the case's drafts. `follows`, `after_hours`: of a reminder, the notice
    that it reminds of and how long after it; `log`: of a packet, what happened; `seen_again`: of content that is back,
    when that was established."""

    name: str = FIRST
    round: int = 0
    follows: UUID | None = None
    after_hours: int | None = None
    log: tuple[LogLine, ...] = ()
    seen_again: datetime | None = None


@dataclass(frozen=True)
class Writer:
    """What is the same for all notices of a draft. `polished`: sentences by language that stand for the category's."""

    event: EvidenceSealed
    office: Office
    now: datetime
    polished: Mapping[str, str] = field(default_factory=dict)

    def law_for(self, asked: Asked) -> Law:
        """Whoever watches is told of the rule that binds the site; a registry is bound by none of a registrar's, and a
        host of which no country is known by none of the site's."""
        to, here = asked.recipient, self.event.finding.site.country
        country = here if to.role in WATCHERS else to.country or (here if to.role in OPERATORS else None)
        role = REGISTRY if is_registry(self.event, to) else to.role
        return self.office.laws.applicable(country, self.event.assessment.category, role, asked.addresses.host)

    def laws_for(self, asked: Iterable[Asked]) -> tuple[Law, ...]:
        """Each once."""
        return tuple({law.key: law for law in map(self.law_for, asked)}.values())

    def write(self, asked: Asked, occasion: Occasion) -> Notice | Problem:
        """The notice, or why none was written: an altered one is never shown for approval; a thin one is, and says what
        it lacks. Neither the page's title nor its text is in it: both may name a person."""
        to, law = asked.recipient, self.law_for(asked)
        if to.email.lower() == self.office.agency.reply_to.lower():
            return Problem("own_mailbox", _name(to))  # its own notice would come back to it as an answer
        languages = languages_for(to, self.office.templates.of(TEMPLATES[occasion.name]))
        if not languages:
            return Problem("no_template", f"{_name(to)}: {TEMPLATES[occasion.name]}")
        versions = [self._render(language, asked, law, occasion) for language in languages]
        subject, body = one_line(versions[0].heading, MAX_SUBJECT), BETWEEN.join(version.body for version in versions)
        for language, version in zip(languages, versions, strict=True):
            if changed := altered(version.body, *self._locked(asked.addresses, law, language, occasion)):
                return Problem("altered", f"{_name(to)}: {', '.join(changed)}")
        demands = self.office.laws.demands(law, occasion.name, self.event.assessment.category)
        requirements, missing = prove(demands, versions[0].fields, body)
        notice_id = identity("notice", self.event.case_id, key(to), occasion.name, *_round(occasion))
        try:
            attached = self._attached(notice_id, asked, law, occasion)
        except BadReport as error:
            return Problem("bad_xarf", f"{_name(to)}: {error}")
        notice = Notice(
            notice_id=notice_id,
            recipient=to,
            language=languages[0][:2],
            locale=languages[0] if "-" in languages[0] else "",
            subject=subject,
            body=body,
            requirements=requirements,
            sha256=UNSEALED,
            occasion=occasion.name,
            rung=asked.rung,
            after_hours=asked.after_hours if occasion.after_hours is None else occasion.after_hours,
            follows=occasion.follows,
            clock=self._clock(law, to.role),
            korean=self._in_korean(languages, asked, law, occasion),
            attachments=attached,
            fields=self._fields(asked, law, languages[0], versions[0]) if to.channel != "mail" else {},
            missing=tuple(f"{one.field} ({one.source})" for one in missing),
            urgent=self.office.categories.kind(self.event.assessment.category).parallel,
        )
        return sealed(notice)

    def _render(self, language: str, asked: Asked, law: Law, occasion: Occasion) -> Rendered:
        office, event = self.office, self.event
        agency, category, told = office.agency, event.assessment.category, office.categories.happenings
        values = {
            **office.categories.values(category, law, office.laws, language, asked.recipient.role),
            "tag": f"[Haetae {reference(event.case_id)}]",
            "reference": reference(event.case_id),
            "recipient": asked.recipient,
            "role": asked.recipient.role,
            "occasion": occasion.name,
            "log": [(stamp(line.at), told.tell(line, office.laws, language)) for line in occasion.log],
            "date": self.now.astimezone(UTC).date().isoformat(),
            "agency_name": agency.name_in(language),
            "mandate": agency.mandate_in(language),
            "address": agency.address,
            "phone": agency.phone,
            "reply_to": agency.reply_to,
            "signatory": agency.signatory,
            "addresses": asked.addresses,
            "seen_at": stamp(event.finding.found_at),
            "sealed_at": stamp(event.sealed_at),
            "seen_again": stamp(occasion.seen_again) if occasion.seen_again else "",
            "category": self._words(language),
            "manifest": event.manifest_sha256,
        }
        return office.templates.render(f"{TEMPLATES[occasion.name]}.{language}.txt", isolated(values, language))

    def _words(self, language: str) -> str:
        return self.polished.get(language) or self.office.categories.words(self.event.assessment.category, language)

    def _in_korean(self, languages: tuple[str, ...], asked: Asked, law: Law, occasion: Occasion) -> str:
        """The whole notice for whoever approves it; empty when it is in Korean already."""
        if languages[0] == OURS:
            return ""
        read = self._render(OURS, asked, law, occasion)
        return f"{read.heading}\n\n{read.body}"

    def _attached(self, notice_id: UUID, asked: Asked, law: Law, occasion: Occasion) -> tuple[Attachment, ...]:
        if asked.recipient.role not in WITH_XARF:
            return ()
        action = self._render(WORLDS, asked, law, occasion).fields.get("action", "")
        return attachments(self.event, self.office, notice_id, asked, self._words(WORLDS), action)

    def _fields(self, asked: Asked, law: Law, language: str, version: Rendered) -> dict[str, str]:
        action = version.fields.get("action", "")
        return fields(self.event, self.office, asked, law, language, self._words(language), action)

    def _clock(self, law: Law, role: str) -> NoticeClock:
        clock = law.clock_for(role)
        return NoticeClock(kind=clock.kind, law=law.key, hours=clock.hours, alarm_after_hours=clock.alarm_after_hours)

    def _locked(self, named: Addresses, law: Law, language: str, occasion: Occasion) -> tuple[list[str], list[str]]:
        """What no template may change: addresses, each alone on its line; dates, digests and the article."""
        event, today = self.event, self.now.astimezone(UTC).date().isoformat()
        lines = [named.page, *(picture.url for picture in named.pictures)]
        always = [stamp(event.finding.found_at), stamp(event.sealed_at), reference(event.case_id)]
        if occasion.name == REMINDER:  # for day, digests and article it leans on what the first notice said
            return lines, always
        digests = [digest for picture in named.pictures for digest in (picture.sha256, picture.pdq) if digest]
        return lines, [*always, *digests, today, event.manifest_sha256, law.cited_in(language)]


def _name(to: Recipient) -> str:
    return to.email or to.connector or to.name


def _round(occasion: Occasion) -> tuple[int, ...]:
    return (occasion.round,) if occasion.round else ()
