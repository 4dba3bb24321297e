"""Whom one host's people and providers make a recipient, each with where the contact is from (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.drafter.contacts.behind import REGISTRY, Behind, providers
from services.drafter.contacts.graph import PACKETS, Contacts, Place, Provider, Reach
from services.drafter.contacts.mailboxes import MAX_NAME, domain_of, is_mailbox, is_of, same_name
from services.drafter.contacts.stated import Stated
from services.drafter.problems import Problem
from services.drafter.untrusted import host_of
from shared.events import AbuseContact
from shared.events.values import Finding, Recipient
from shared.text import one_line

OPERATORS = frozenset({"site", "platform"})  # whoever runs the site itself
MAX_SOURCE = 300


@dataclass(frozen=True)
class Case:
    """What holds for every host of a case. `site`: the page's registered domain. `stated`: by other agencies."""

    finding: Finding
    category: str
    site: str
    contacts: Contacts
    measured: Mapping[str, float]
    now: datetime
    stated: Sequence[Stated] = ()

    @property
    def parallel(self) -> bool:
        return self.category in self.contacts.parallel

    @property
    def sole_purpose(self) -> bool:
        return self.finding.site.sole_purpose

    def place(self, role: str) -> Place:
        step = self.contacts.of_role(role)
        return step.child if self.parallel else step.ordinary

    def beside(self, role: str) -> bool:
        return self.contacts.of_role(role).beside

    def owners(self, there: Behind) -> frozenset[str]:
        """Registered domains whose mailboxes the site's owner reads. Of a site that exists for such content alone,
        also that of its abuse mailbox, and of the host itself."""
        if not self.sole_purpose:
            return frozenset({self.site})
        email = self.finding.site.abuse_email
        return frozenset({self.site, there.domain, *((domain_of(email),) if email else ())})


def candidates(there: Behind, case: Case) -> Iterator[Recipient | Problem]:
    """The best contact for each role: the graph's, then the site's own, then what other agencies stated, then the
    registries'."""
    known = [one for one in providers(there, case.contacts) if not PACKETS & {way.role for way in one.provider.reach}]
    taken: set[str] = set()
    for one in known:
        for way in one.provider.ways(case.parallel):
            if way.role in taken or (way.role in OPERATORS and case.sole_purpose and there.domain == case.site):
                continue
            if not one.by_name:
                taken |= OPERATORS if way.role in OPERATORS else {way.role}
            yield from _curated(one.provider, way, there, case)
    own = next((one for one in there.told.contacts if is_mailbox(one.email) and _owns(one, there, case)), None)
    if there.domain == case.site and not taken & OPERATORS:
        yield from _site(case, own, _operators(there, case))
    if any(one.by_network for one in known):
        taken.add("host")  # whose network it is has been asked already, perhaps in another role
    if there.domain != case.site and not taken & OPERATORS:
        yield from (found for said in _operators(there, case)[:1] for found in _stated(said, there, case))
    for said in _providers(there, case):
        if said.role not in taken:
            for found in _stated(said, there, case):
                taken |= {said.role} if isinstance(found, Recipient) else set()
                yield found
    for contact in sorted(there.told.contacts, key=lambda contact: contact.role == REGISTRY):
        role = "registrar" if contact.role == REGISTRY else contact.role
        if role == "registrar" and there.domain != case.site:
            continue  # a store of everybody's pictures loses no domain for one of them
        if role not in taken:
            for found in _registered(contact, role, there, case):
                taken |= {role} if isinstance(found, Recipient) else set()
                yield found


def _site(case: Case, own: AbuseContact | None, stated: Sequence[Stated]) -> Iterator[Recipient | Problem]:
    """`stated`: what other agencies know of it, the next best. `own`: a mailbox of the site's people that a registry
    names, which comes last."""
    site, days = case.finding.site, case.contacts.stale_after_days
    email = (site.abuse_email or "").strip()
    if case.sole_purpose:
        yield Problem("sole_purpose", site.host)
        return
    if email and not is_mailbox(email):
        yield Problem("bad_contact", email)
    if is_mailbox(email):
        yield from _operator(case, email, "site list", case.finding.found_at, days.site_list)
    elif mail := next((one for one in stated if is_mailbox(one.email)), None):
        yield from _operator(case, mail.email, _source(mail), mail.known_at, days.curated)
    elif own:
        yield from _operator(case, own.email, f"RDAP {own.url}", own.at, days.registries)
    elif not email:
        yield from (Problem("stated_form", _form(one)) for one in stated[:1])
        yield Problem("no_contact", site.host)


def _operator(case: Case, email: str, source: str, known_at: datetime, days: int) -> Iterator[Recipient | Problem]:
    site = case.finding.site
    yield from _made(
        case,
        role="site",
        name=one_line(site.name, MAX_NAME) or site.host,
        email=email,
        tag=case.contacts.tag(site.language, site.country),
        country=site.country or "",
        source=source,
        known_at=known_at,
        days=days,
    )


def _operators(there: Behind, case: Case) -> Sequence[Stated]:
    """Stated of whoever runs the host itself. Of a site that must not know, none."""
    if case.sole_purpose and there.domain == case.site:
        return ()
    return [one for one in case.stated if one.role in OPERATORS and one.domain in (there.domain, there.host)]


def _providers(there: Behind, case: Case) -> Iterator[Stated]:
    """Stated of whoever serves the host: those whose mailbox the registries name, or on whose own domain it lies. Of a
    site that must not know, nothing that is stated under its own domain."""
    own = {there.domain, there.host}
    named = {role: _named(there, role) for role in ("host", "cdn", "registrar")}
    for one in case.stated:
        if one.role in OPERATORS or (one.role == "registrar" and there.domain != case.site):
            continue
        if one.domain in own:
            if not case.sole_purpose or there.domain != case.site:
                yield one
        elif one.domain in named.get(one.role, ()):
            yield one


def _named(there: Behind, role: str) -> frozenset[str]:
    """Domains whose mailboxes the registries name for a role."""
    roles = {"registrar": {"registrar", REGISTRY}}.get(role, {role, "host"})
    return frozenset(domain_of(one.email) for one in there.told.contacts if one.role in roles)


def _stated(one: Stated, there: Behind, case: Case) -> Iterator[Recipient | Problem]:
    """A form has no entry in the graph that would say how to fill it in: a person is told of it."""
    owners = case.owners(there)
    if one.role not in OPERATORS or case.sole_purpose:
        whose = domain_of(one.email or host_of(one.form))
        if whose in owners or one.domain in owners:
            yield Problem("owner_contact", f"{one.role}: {one.email or one.form}")
            return
    if one.form:
        yield Problem("stated_form", _form(one))
    elif not is_mailbox(one.email):
        yield Problem("bad_contact", f"{one.role}: {one.email}")
    else:
        yield from _made(
            case,
            role=one.role,
            name=one.domain,
            email=one.email,
            tag=case.contacts.tag(one.language, one.country),
            country=one.country or "",
            source=_source(one),
            known_at=one.known_at,
            days=case.contacts.stale_after_days.curated,
        )


def _source(one: Stated) -> str:
    return f"stated by {one.issuer}"


def _form(one: Stated) -> str:
    return f"{one.domain}, {one.form} ({_source(one)})"


def _curated(provider: Provider, way: Reach, there: Behind, case: Case) -> Iterator[Recipient | Problem]:
    if way.channel == "mail" and domain_of(way.email) in case.owners(there) and case.sole_purpose:
        yield Problem("owner_contact", way.email)
        return
    wanted = case.contacts.tag(case.finding.site.language, provider.country or case.finding.site.country)
    tag = wanted if wanted in way.languages else way.languages[0]
    unsure = ", to be verified" if way.verify else ""
    yield from _made(
        case,
        role=way.role,
        name=provider.name_in(tag),
        email=way.email if way.channel == "mail" else "",
        tag=tag,
        country=provider.country,
        source=f"contact graph {case.contacts.version}: {way.source} ({way.confidence}{unsure})",
        known_at=way.known_at,
        days=case.contacts.stale_after_days.curated,
        provider=provider.id,
        way=way,
    )


def _registered(contact: AbuseContact, role: str, there: Behind, case: Case) -> Iterator[Recipient | Problem]:
    if not is_mailbox(contact.email):
        yield Problem("bad_contact", f"{contact.role}: {contact.email}")
    elif _owns(contact, there, case):
        yield Problem("owner_contact", f"{contact.role}: {contact.email}")
    else:
        country = there.told.network_country if role == "host" else ""
        yield from _made(
            case,
            role=role,
            name=one_line(contact.holder, MAX_NAME) or domain_of(contact.email),
            email=contact.email,
            tag=case.contacts.tag(None, country),
            country=country,
            source=f"RDAP {contact.url}",
            known_at=contact.at,
            days=case.contacts.stale_after_days.registries,
        )


def _owns(contact: AbuseContact, there: Behind, case: Case) -> bool:
    """Whether the host or registrar that a registry names is the site itself: it would be told as if by its own."""
    owners = case.owners(there)
    names_site = same_name(contact.holder, case.finding.site.name) or any(is_of(one, contact.holder) for one in owners)
    return domain_of(contact.email) in owners or names_site


def _made(
    case: Case,
    *,
    role: str,
    name: str,
    email: str,
    tag: str,
    country: str,
    source: str,
    known_at: datetime,
    days: int,
    provider: str = "",
    way: Reach | None = None,
) -> Iterator[Recipient | Problem]:
    step = case.contacts.of_role(role)
    anonymity = (way and way.anonymity) or step.anonymity
    yield Recipient(
        name=name,
        email=email,
        role=role,
        language=tag[:2],
        locale=tag if "-" in tag else "",
        channel=way.channel if way else "mail",
        connector=way.connector if way else "",
        provider=provider,
        country=country,
        can=(way and way.can) or step.can,
        tip_off=(way and way.tip_off) or step.tip_off,
        # Whoever must not be told at all, is not told by way of others either.
        anonymity="none" if (case.parallel or case.sole_purpose) and role not in OPERATORS else anonymity,
        source=one_line(source, MAX_SOURCE),
        known_at=known_at,
        answers_in_hours=case.measured.get(provider or email.lower()),
    )
    if case.now - known_at > timedelta(days=days):
        yield Problem("stale_contact", f"{name}: {source}, {known_at.date().isoformat()}")
