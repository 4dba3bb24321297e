"""The nouns of the loop, as they travel inside events."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.events.base import Value

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hexadecimal")]
PdqHex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="PDQ, 256 bits, lower-case hexadecimal")]
PhashHex = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="pHash, 64 bits, lower-case hexadecimal")]
Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="MD5, lower-case hexadecimal")]
Sha1 = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$", description="SHA-1, lower-case hexadecimal")]
MAX_URL = 4096  # characters
Url = Annotated[str, Field(max_length=MAX_URL)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1")]
Locale = Annotated[str, Field(pattern=r"^([a-z]{2}(-[A-Z][a-z]{3})?)?$", description="BCP 47, language and script")]
Score = Annotated[float, Field(ge=0, le=1)]

MAX_TEXT = 32 * 1024  # characters of page text that travel: enough for any post, small enough for a record
MIN_PDQ_QUALITY = 50  # of 100: flatter pictures hash alike, agreement is no evidence (python-threatexchange's limit)
MAX_EXCERPT = 2_000  # characters that follow the case


class SiteKind(StrEnum):
    BOARD = "board"
    COMMUNITY = "community"
    GALLERY = "gallery"
    FEED = "feed"
    SOCIAL_MEDIA = "social_media"
    CHAT = "chat"
    DARK_WEB = "dark_web"
    SEARCH = "search"  # result pages for a keyword


class Site(Value):
    """A watched site as the registry knows it. `host` is a lower-case host name without port.

    `sole_purpose`: it exists for such content alone; its operator is never told of anything.
    """

    host: str
    name: str
    kind: SiteKind
    language: Language | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    abuse_email: str | None = None
    sole_purpose: bool = False


class Picture(Value):
    """A picture of a page: where it is, its digest, and its PDQ hash when it could be decoded.

    `pdq_dihedral`: the eight hashes of the picture turned and mirrored, first the picture as it is.
    `pdq_quality`: 0-100; below 50 the hash is no evidence (PDQ reference, "quality metric").
    `phash_dihedral`: the same of `imagehash.phash`, 64 bits. `views`: parts that may be a picture of their own.
    `md5`, `sha1`: for lists of others that have nothing better.
    """

    url: Url
    sha256: Sha256
    bytes: int
    width: int | None = None
    height: int | None = None
    pdq_dihedral: tuple[PdqHex, ...] = ()
    pdq_quality: Annotated[int, Field(ge=0, le=100)] | None = None
    frames: tuple["Frame", ...] = ()  # further frames of an animation
    views: tuple["PictureView", ...] = ()
    phash_dihedral: tuple[PhashHex, ...] = ()
    md5: Md5 | None = None
    sha1: Sha1 | None = None


class PictureView(Value):
    """A part of a picture, hashed by itself. `name`: trimmed (without its border), inset (the picture within a
    screenshot), quadrant-1 … quadrant-4 (of a collage). `pdq`: as it is, or all eight turns; `phash`: the
    same turns of `imagehash.phash`."""

    name: str
    pdq: Annotated[tuple[PdqHex, ...], Field(min_length=1, max_length=8)]
    pdq_quality: Annotated[int, Field(ge=0, le=100)]
    phash: tuple[PhashHex, ...] = ()


class Frame(Value):
    """A frame of a video or an animation: its place in seconds, and its PDQ hash with the hash's quality (0-100)."""

    at_s: Annotated[float, Field(ge=0)]
    pdq: PdqHex
    pdq_quality: Annotated[int, Field(ge=0, le=100)]


class Video(Value):
    """A video of a page: its digest, and the frames at which the scene changes (none when it cannot be decoded).

    `cut`: it was too large; digest, size and frames are of its first `bytes` bytes.
    """

    url: Url
    sha256: Sha256
    bytes: int
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    frames: tuple[Frame, ...] = ()
    cut: bool = False
    md5: Md5 | None = None
    sha1: Sha1 | None = None


class Post(Value):
    """One post of a thread, as the page shows it. Its text is cut to `MAX_EXCERPT` characters."""

    author: str | None
    posted_at: AwareDatetime | None
    text: Annotated[str, Field(max_length=MAX_EXCERPT)]


class Capture(Value):
    """The circumstances under which a page was fetched. `exit`: the proxy that it came through, by its name in the
    agency's file of exits; empty for none."""

    fetched_at: AwareDatetime
    status: int
    address: str  # the IP address that was connected to
    user_agent: str
    content_type: str
    body_sha256: Sha256
    exit: str = ""


class Finding(Value):
    """Content on a page: what was seen, where and when. `url` is canonical. `videos`: without their frames."""

    content_id: UUID
    url: Url
    site: Site
    title: str
    language: Language | None
    excerpt: Annotated[str, Field(max_length=MAX_EXCERPT)]
    pictures: tuple[Picture, ...]
    found_at: AwareDatetime
    videos: tuple[Video, ...] = ()


class Reason(Value):
    """Why content was flagged: a code of a known vocabulary, a sentence for the reviewer, its share of the risk.

    `values`: what the sentence says, by name, so that it can be said in the reviewer's language.
    """

    code: str
    text: str
    weight: Score
    values: dict[str, str] = Field(default={})


class Risk(Value):
    """Probability-like score with the components that it is made of."""

    score: Score
    components: dict[str, Score]


class Match(Value):
    """A picture or video that agrees with a hash bank's entry. `distance`: differing bits of the hash; 0 for an equal
    digest. `variant`: what of the listed picture agrees with what of this one. `hash`: the listed one, hexadecimal.
    `source`: who gave the bank (victim_report, agency, exchange). `share`: of the listed video's frames, those seen.
    `second`: differing bits of 64 of the pHash of the same part; None where there is none to compare."""

    picture_url: Url
    bank: str
    entry: str
    algorithm: str
    distance: int
    variant: str
    hash: str = ""
    category: str = ""
    source: str = ""
    share: Score | None = None
    second: Annotated[int, Field(ge=0, le=64)] | None = None


class SealedObject(Value):
    """A file of the evidence: its name in the manifest, the digest of its plain bytes, its size and media type."""

    name: str
    sha256: Sha256
    bytes: int
    media_type: str


class Recipient(Value):
    """Who is asked to act. `role`: site, platform, host, cdn, registrar, search, hotline or regulator.

    `country`: whose law binds it, empty when that is not known. `channel`: how it is reached: mail (to `email`), api
    (`connector` names the agency's connector file) or form (a person hands it in). `provider`: its name in the contact
    graph, empty for a site of its own. `locale`: BCP 47 tag with script where ISO 639-1 does not say enough (zh-Hant).
    `can`: what it can do (remove, block, delist, suspend, forward, order); `digest`: it takes several notices in one
    mail. `tip_off`: whether it may tell the owner of the site (low, medium, high). `anonymity`: how the agency is named
    to that owner (named, anonymous, none: it must not be told at all). `source`: where the contact is from, with
    `known_at`.
    """

    name: str
    email: str
    role: str
    language: Language
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    channel: str = "mail"
    connector: str = ""
    provider: str = ""
    locale: Locale = ""
    can: tuple[str, ...] = ()
    tip_off: str = "medium"
    anonymity: str = "named"
    source: str = ""
    known_at: AwareDatetime | None = None
    answers_in_hours: float | None = None


class Requirement(Value):
    """A field that a law demands of a notice, and the words of the notice that satisfy it."""

    field: str
    source: str
    satisfied_by: str


class Attachment(Value):
    """A machine-readable part of a notice: text only, never a picture."""

    name: str
    media_type: str
    text: str


class NoticeClock(Value):
    """The deadline that the notice names. `kind`: hours, without_delay, answer or none. `hours`: from the recipient's
    provable receipt. `alarm_after_hours`: when a person looks where the law names no hours. `law`: its key."""

    kind: str
    law: str
    hours: int | None = None
    alarm_after_hours: int | None = None


class Notice(Value):
    """A takedown notice to one recipient. An approval covers `sha256` (`shared.notices.notice_digest`).

    `occasion`: first, reminder, reappeared or packet. `rung` of the ladder, 0 goes out at once; `after_hours`: the next
    rungs, after the first notice was sent; a reminder, after the notice that it `follows` was sent. `korean`: the whole
    notice in Korean, for whoever approves it. `fields`: the notice's parts by name, for report APIs and forms.
    `missing`: required fields that nothing in it satisfies; such a notice cannot be approved. `urgent`: a child may be
    concerned; it goes before all others.
    """

    notice_id: UUID
    recipient: Recipient
    language: Language
    subject: str
    body: str
    requirements: tuple[Requirement, ...]
    sha256: Sha256
    occasion: str = "first"
    rung: Annotated[int, Field(ge=0)] = 0
    after_hours: Annotated[int, Field(ge=0)] = 0
    follows: UUID | None = None
    clock: NoticeClock | None = None
    locale: Locale = ""
    korean: str = ""
    attachments: tuple[Attachment, ...] = ()
    fields: dict[str, str] = Field(default={})
    missing: tuple[str, ...] = ()
    urgent: bool = False


class Report(Value):
    """The report on a case for the agency's file."""

    language: Language
    title: str
    body: str


class ProbeOutcome(StrEnum):
    PRESENT = "present"  # the content is still served
    GONE = "gone"  # 404, 410 or 451, and none of the content in the answer
    SOFT_404 = "soft_404"  # claims to be gone without the status, or answers one visitor so and another otherwise
    REPLACED = "replaced"  # something else stands at the address: who sees what there is not proved by a status
    WALLED = "walled"  # a wall stands before it (captcha, log-in, too many requests …): nothing can be said
    UNREACHABLE = "unreachable"  # nothing can be said: time-out, 403, 5xx


class Probe(Value):
    """One request of a removal check, and what proves its outcome.

    `vantage`: who the request said it was (honest, browser). `method`: http, or browser where a browser drew the page.
    `seen_at`: when. `address`: the IP address that answered; `exit`: the proxy that was used, empty for none.
    `sha256`: of the answer's body. `by_itself`: what this visitor saw, where the outcome is from comparing it with
    what another saw.
    """

    url: Url
    vantage: str
    status: int | None
    outcome: ProbeOutcome
    why: str
    method: str = "http"
    seen_at: AwareDatetime | None = None
    address: str = ""
    exit: str = ""
    sha256: Sha256 | None = None
    by_itself: ProbeOutcome | None = None


class HashEntry(Value):
    """One hash of a bank. Several entries may share `entry` (the picture's label): its variants."""

    entry: str
    category: str
    algorithm: Annotated[str, Field(pattern=r"^(pdq|sha256)$")]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    variant: str
    threshold: Annotated[int, Field(ge=0, le=90)]
