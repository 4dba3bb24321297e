"""A connector: how one report API is spoken to, as its TOML file says. `docs/report-connectors.md` tells each field."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from services.notifier.channels.api.pointer import check_pointer
from services.notifier.channels.api.template import FILTERS, Blank, Scalar, Template, blanks_of, parse, parse_all
from shared.events import AnswerKind

# What a notice has for an API: its own parts, and what the drafter put into `Notice.fields`.
OF_THE_NOTICE = frozenset(
    {
        *("notice_id", "subject", "body", "anonymity", "role", "provider", "occasion", "xarf"),
        *("reference", "page", "urls", "host", "category", "comments", "action", "citation", "language", "country"),
        *("contact_name", "contact_email", "contact_phone", "agency", "mandate"),
        *("seen_at", "sealed_at", "sha256s", "pdqs", "manifest"),
    }
)
# What the channel adds: the idempotency key, a time a little before the report first went out, the first address of
# this report, and the number that the API gave it.
OF_THE_CHANNEL = frozenset({"key", "since", "first", "receipt"})
OWN = "own."
LONGEST_S = 20.0  # for one answer: a delivery asks twice at most, to look for a lost report and to send it


def _template(given: object) -> Template:
    if not isinstance(given, str):
        raise ValueError("give a text")
    return parse(given)


def _pointers(given: object) -> object:
    return [given] if isinstance(given, str) else given


Text = Annotated[Template, BeforeValidator(_template)]
Body = Annotated[dict[str, Any], AfterValidator(parse_all)]
Pointer = Annotated[str, AfterValidator(check_pointer)]
Pointers = Annotated[tuple[Pointer, ...], BeforeValidator(_pointers)]
Status = Annotated[str, Field(pattern=r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$", description='"429" or "500-599"')]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$", description="small letters, digits and hyphens")]
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$", description="RFC 9110, 5.6.2")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Auth(_Part):
    """`hmac`: SHA-256 over time stamp, a dot and the body, in hexadecimal (RFC 2104). `aws4`: Signature Version 4."""

    kind: Literal["none", "bearer", "header", "basic", "hmac", "aws4"] = "none"
    header: HeaderName = "Authorization"
    timestamp_header: HeaderName = "X-Timestamp"
    prefix: Annotated[str, Field(pattern=r"^[\x21-\x7e]{0,40}$")] = ""
    service: Annotated[str, Field(pattern=r"^[a-z0-9-]{0,60}$", description="aws4: the service's signing name")] = ""


class Bound(_Part):
    """What the API takes of one field. `split`: more lines than that go in several reports."""

    field: str
    characters: Annotated[int, Field(ge=1)] | None = None
    lines: Annotated[int, Field(ge=1)] | None = None
    split: bool = False
    one_host: bool = False
    unique: bool = False


class Limits(_Part):
    per_minute: Annotated[int, Field(ge=1)] = 30
    per_hour: Annotated[int, Field(ge=1)] = 600


class When(_Part):
    """Further parts of the body, when each field of `when` has one of its values, and none of `unless` has."""

    when: Mapping[str, tuple[str, ...]] = {}
    unless: Mapping[str, tuple[str, ...]] = {}
    body: Body

    def holds(self, values: Mapping[str, str]) -> bool:
        wanted = all(values.get(field, "") in given for field, given in self.when.items())
        return wanted and not any(values.get(field, "") in given for field, given in self.unless.items())


class Answered(_Part):
    """How the answer to a report is read. A status that is nowhere named leaves it unknown whether it was taken.

    `by_hand`: it is us who may not report by the API, so that a person does by the form; it and `again` go before
    `refused`. `duplicate_at`, `duplicate_has`: a refusal that says that the API has this report already.
    """

    accepted: tuple[Status, ...] = ("200-299",)
    again: tuple[Status, ...] = ("408", "425", "429", "503")
    by_hand: tuple[Status, ...] = ()
    refused: tuple[Status, ...] = ("400-499",)
    receipt: Pointers = ()
    reason: Pointers = ()
    success_at: Pointer = ""
    success_is: tuple[Scalar, ...] = ()
    duplicate_at: Pointer = ""
    duplicate_has: str = ""


class Report(_Part):
    method: Literal["POST", "PUT"] = "POST"
    path: Text
    form: Literal["json", "urlencoded"] = "json"
    headers: Mapping[HeaderName, Text] = {}
    body: Body
    also: tuple[When, ...] = ()
    answer: Answered = Answered()


class Idempotency(_Part):
    """The API takes two reports with the same key for one, for `hours`. `header`: where the key goes, unless `{key}`
    stands in the body."""

    header: HeaderName | None = None
    hours: Annotated[float, Field(gt=0)]


class Lookup(_Part):
    """How a report whose answer was lost is found again. `where`: what the right one of `items` has at each pointer; of
    a list there, one of its members. One that is not there after `settle_s` was not taken."""

    path: Text
    items: Pointer
    where: Annotated[dict[Pointer, Text], Field(min_length=1)]
    receipt: Pointers
    settle_s: Annotated[float, Field(ge=0)] = 60.0


class Meaning(_Part):
    """What a report's status means: the value `at` a pointer is one of `one_of`, or more than `above`."""

    at: Pointer
    one_of: tuple[Scalar, ...] = ()
    above: int | None = None
    kind: AnswerKind
    words: Annotated[str, Field(min_length=1, max_length=300)]
    final: bool = False


class Following(_Part):
    """How the status of a report is asked for. The first meaning that fits counts; none means that nothing is new."""

    path: Text
    every_s: Annotated[float, Field(ge=1)]
    for_days: Annotated[float, Field(gt=0)] = 30.0
    means: Annotated[tuple[Meaning, ...], Field(min_length=1)]


class Connector(_Part):
    """`base`: where the API is, unless the credentials file says it. `secret`: the name of its entry there, else the
    connector's own. `required`: what a notice must have. `form_url`: where a person hands in what the API refuses."""

    name: Name
    version: Annotated[int, Field(ge=1)]
    title: str
    source: Annotated[str, Field(min_length=1, description="the documentation that it was made from, and when")]
    confidence: Annotated[str, Field(pattern=r"^[HML]$")]
    base: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s?#/@]+(/[^\s?#]*[^\s?#/])?)?$",
            description="https://HOST/path, no / at the end, no secret before the host",
        ),
    ] = ""
    secret: str = ""
    form_url: Annotated[str, Field(pattern=r"^(https://\S+)?$")] = ""
    timeout_s: Annotated[float, Field(gt=0, le=LONGEST_S)] = LONGEST_S
    auth: Auth = Auth()
    limits: Limits = Limits()
    bounds: tuple[Bound, ...] = ()
    required: tuple[str, ...] = ()
    maps: Mapping[str, Mapping[str, Scalar]] = {}
    report: Report
    idempotency: Idempotency | None = None
    lookup: Lookup | None = None
    status: Following | None = None
    _file: str = PrivateAttr("")

    @property
    def entry(self) -> str:
        """Of the credentials file."""
        return self.secret or self.name

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        fields = {bound.field for bound in self.bounds} | {*self.required}
        fields |= {name for also in self.report.also for name in (*also.when, *also.unless)}
        for name in sorted(fields - OF_THE_NOTICE):
            raise ValueError(f"a notice has no {name!r}: it has {', '.join(sorted(OF_THE_NOTICE))}")
        for where, blank in self._blanks():
            known = OF_THE_NOTICE | OF_THE_CHANNEL
            if not blank.name.startswith(OWN) and blank.name not in known:
                raise ValueError(
                    f"{where}: nothing is called {blank.name!r}: there is {', '.join(sorted(known))}, own.NAME"
                )
            if blank.filter and blank.filter not in FILTERS | self.maps.keys():
                raise ValueError(f"{where}: no filter or table of `maps` is called {blank.filter!r}")
        if len(split := [bound.field for bound in self.bounds if bound.split]) > 1:
            raise ValueError(f"bounds: only one field can be split, not {' and '.join(split)}")
        return self

    def _blanks(self) -> Iterator[tuple[str, Blank]]:
        report = self.report
        parts: dict[str, object] = {
            "report.path": report.path,
            "report.headers": dict(report.headers),
            "report.body": report.body,
            "report.also": [also.body for also in report.also],
            "lookup": [self.lookup.path, *self.lookup.where.values()] if self.lookup else [],
            "status.path": self.status.path if self.status else [],
        }
        for where, part in parts.items():
            yield from ((where, blank) for blank in blanks_of(part))
