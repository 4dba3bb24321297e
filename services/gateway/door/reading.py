"""A form of the door as values, with what is wrong in the person's words (pure)."""

from dataclasses import dataclass, field

from starlette.datastructures import FormData

from services.gateway.door.found_addresses import MOST_TEXT, addresses_in
from services.gateway.door.given import (
    CONTACT,
    HASHES,
    KINDS,
    MOST_CONTACT,
    MOST_NOTE,
    MOST_PAGES,
    MOST_WHEN,
    PERSONS,
    PROCESS,
    Given,
)
from services.gateway.door.house import House
from services.gateway.door.keeping import Told
from services.gateway.door.texts import Words
from services.gateway.problems import Problem
from services.gateway.requests import text_of
from services.gateway.submissions import MAX_PICTURES, HashedPicture, read_pictures
from shared.events import ReportSource

TRAP = "website"  # no person sees it; programs fill in whatever has a name
SHOWN_LINE = 80  # characters of a line in which no address was found
FIELDS = ("source", "urls", "what", "note", "contact", "when", "pictures")
LONGEST = {"note": MOST_NOTE, "contact": MOST_CONTACT, "when": MOST_WHEN}


@dataclass
class Read:
    """`errors`: by field, in the order of the form. `values`: what stands in the fields when it is shown again."""

    values: dict[str, str]
    chosen: frozenset[str]
    errors: dict[str, str] = field(default_factory=dict)
    given: Given | None = None


def blank() -> Read:
    return Read(dict.fromkeys(FIELDS, ""), frozenset())


def read(form: FormData, words: Words, house: House) -> Read:
    values = {name: text_of(form, name).strip() for name in FIELDS}
    chosen = {str(one) for name in ("consent", "partner") for one in form.getlist(name) if isinstance(one, str)}
    out = Read(values, frozenset(chosen))
    source = next((one for one in PERSONS if one == values["source"]), None)
    if source is None:
        out.errors["source"] = words("error_field")
    pictures = _pictures(values["pictures"])
    urls = _urls(out, words, bool(pictures))
    if values["what"] not in KINDS:
        out.errors["what"] = words("error_field")
    for name, most in LONGEST.items():
        if len(values[name]) > most:
            out.errors[name] = words("error_long", most=most)
    partners = tuple(one.id for one in house.file.partners if one.id in chosen)
    _agree(out, words, bool(pictures), bool(partners))
    if text_of(form, TRAP):
        out.errors[TRAP] = words("error_again")
    if not out.errors:
        out.given = _given(out, source or ReportSource.VICTIM, words.language, urls, pictures, partners)
    return out


def read_urls(text: str, words: Words, most: int = MOST_PAGES) -> tuple[tuple[str, ...], str]:
    """The addresses, or what is wrong."""
    if len(text) > MOST_TEXT:  # what follows would be left out in silence
        return (), words("error_long", most=MOST_TEXT)
    found = addresses_in(text)
    if len(found.urls) > most:
        return (), words("error_urls_many", most=most)
    if found.unread and not found.urls:
        return (), words("error_unread", line=found.unread[0][:SHOWN_LINE])
    return found.urls, "" if found.urls else words("error_urls")


def told_of(values: dict[str, str]) -> Told:
    return Told(contact=values.get("contact", ""), when=values.get("when", ""), note=values.get("note", ""))


def _urls(out: Read, words: Words, has_pictures: bool) -> tuple[str, ...]:
    if has_pictures and not out.values["urls"]:
        return ()
    urls, wrong = read_urls(out.values["urls"], words)
    if wrong:
        out.errors["urls"] = wrong
    return urls


def _agree(out: Read, words: Words, has_pictures: bool, has_partners: bool) -> None:
    if PROCESS not in out.chosen:
        out.errors["consent-process"] = words("error_process")
    if out.values["contact"] and CONTACT not in out.chosen:
        out.errors["consent-contact"] = words("error_contact")
    if has_partners and not out.values["contact"]:
        out.errors["contact"] = words("error_partner")
    if has_pictures and HASHES not in out.chosen:
        out.errors["consent-hashes"] = words("error_hashes")


def _pictures(text: str) -> tuple[HashedPicture, ...]:
    """Only our script fills this in. Raises `Problem` 422."""
    pictures = tuple(read_pictures(text)) if text else ()
    if len(pictures) > MAX_PICTURES:
        raise Problem(422, "bad-hashes", field="pictures")
    return pictures


def _given(
    out: Read,
    source: ReportSource,
    language: str,
    urls: tuple[str, ...],
    pictures: tuple[HashedPicture, ...],
    partners: tuple[str, ...],
) -> Given:
    return Given(
        source=source,
        category=KINDS[out.values["what"]],
        language=language,
        urls=urls,
        told=told_of(out.values),
        consents=tuple(one for one in (PROCESS, CONTACT, HASHES) if one in out.chosen),
        pictures=pictures,
        partners=partners,
    )
