"""Any listing in JSON, by a mapping that says where what stands: `connector = json:NAME` reads with `NAME.toml`."""

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path as File
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.crawler.connectors import answers as read
from services.crawler.connectors.dotted import CURE, Path, find, first, parse_path
from services.crawler.connectors.media import Attached, with_media
from services.crawler.connectors.pages import ListingPage, is_near, left_out, read_listing
from services.crawler.connectors.port import Ask, Harvest, Options, Post, Source
from services.crawler.connectors.prose import MAX_HTML, pictures_in, plain
from shared.net import Fetched
from shared.toml import read_toml
from shared.urls import canonical

MAPPINGS = File(__file__).parent / "mappings"  # those that come with the crawler
NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,40}$")
BLANK = re.compile(r"\{([^{}]+)\}")


def _path(given: object) -> Path:
    if not isinstance(given, str):
        raise ValueError(CURE)
    return parse_path(given)


def _paths(given: object) -> object:
    return [parse_path(str(one)) for one in (given if isinstance(given, list) else [given])]


def _template(given: str) -> str:
    for blank in BLANK.findall(given):
        parse_path(blank)
    if canonical(BLANK.sub("x", given)) is None:
        raise ValueError("give an address with paths in braces, such as https://board.test/post/{id}")
    return given


One = Annotated[Path, BeforeValidator(_path)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]


class Mapping(BaseModel):
    """A path, or several of which the first that is there counts; see `docs/connectors.md`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Annotated[One, Field(description="give the path of the list of posts")]
    url: Annotated[Paths, Field(description="give the path of a post's address")] = ()
    url_from: Annotated[
        str, AfterValidator(_template), Field(description="give a post's address with paths in braces")
    ] = "https://none.invalid/"
    text: Annotated[Paths, Field(description="give the path of a post's text")] = ()
    html: Annotated[Paths, Field(description="give the path of a post's text in HTML")] = ()
    title: Annotated[Paths, Field(description="give the path of a post's title")] = ()
    author: Annotated[Paths, Field(description="give the path of its authors' names")] = ()
    date: Annotated[Paths, Field(description="give the path of the moment it was published at")] = ()
    language: Annotated[Paths, Field(description="give the path of its language")] = ()
    pictures: Annotated[Paths, Field(description="give the path of its pictures' addresses")] = ()
    attachments: Annotated[Paths, Field(description="give the path of its attachments")] = ()
    attachment_url: Annotated[One, Field(description="give the path of an attachment's address")] = ("url",)
    attachment_type: Annotated[One, Field(description="give the path of an attachment's media type")] = ("type",)
    next: Annotated[Paths, Field(description="give the path of the address of the next page")] = ()
    only: Annotated[
        dict[str, str], Field(description='give what a post must say, such as {visibility = "public"}')
    ] = {}


class JsonListing:
    """The site's address: the listing, the newest first."""

    options, is_api = Options, False

    def __init__(self, mapping: Mapping) -> None:
        self._page_of = reader(mapping)

    async def read(self, source: Source, ask: Ask) -> Harvest:
        return await read_listing(source, ask, self._page_of, "application/json, application/feed+json")


def reader(mapping: Mapping) -> Callable[[Fetched, Source], ListingPage]:
    only = [(parse_path(path), wanted) for path, wanted in mapping.only.items()]

    def page_of(answer: Fetched, source: Source) -> ListingPage:
        value = read.json_of(answer)
        items = first(value, mapping.items) if mapping.items else value
        if not isinstance(items, list):
            raise read.Unreadable(f"{'.'.join(mapping.items) or 'the answer'} is no list: look at the mapping's items")
        every = items[: read.MOST_ROWS]
        wanted = [item for item in every if all(read.name(first(item, path)) == said for path, said in only)]
        posts = [post for item in wanted if (post := post_of(item, mapping, source, answer.url))]
        foreign = left_out(len(wanted) - len(posts), "without an address on this site")
        return ListingPage(tuple(posts), read.address(first(value, *mapping.next), answer.url), foreign)

    return page_of


def post_of(item: object, mapping: Mapping, source: Source, base: str) -> Post | None:
    url = read.address(first(item, *mapping.url), base) if mapping.url else _filled(item, mapping.url_from)
    if not url or not is_near(url, source):
        return None
    html = read.text(first(item, *mapping.html), MAX_HTML)
    post = Post(
        url=url,
        text=plain(html) or read.text(first(item, *mapping.text)),
        title=read.text(first(item, *mapping.title), 300),
        authors=tuple(filter(None, (read.text(one, 300) for path in mapping.author for one in find(item, path)))),
        published_at=read.moment(first(item, *mapping.date)),
        language=read.language(first(item, *mapping.language)),
    )
    return with_media(post, _attached(item, mapping, html, url), base)


def _attached(item: object, mapping: Mapping, html: str, url: str) -> Iterator[Attached]:
    yield from (Attached(one, "image") for path in mapping.pictures for one in find(item, path))
    for one in (one for path in mapping.attachments for one in find(item, path)):
        yield Attached(first(one, mapping.attachment_url), first(one, mapping.attachment_type))
    yield from (Attached(one, "image") for one in pictures_in(html, url))


def _filled(item: object, template: str) -> str | None:
    """None when something that belongs into the address is not there."""
    values = {blank: read.name(first(item, parse_path(blank))) for blank in BLANK.findall(template)}
    if not all(values.values()):
        return None
    return canonical(BLANK.sub(lambda match: quote(values[match[1]], safe=""), template))


def mapping_names(folder: File | None = None) -> list[str]:
    files = [file for where in (MAPPINGS, folder) if where and where.is_dir() for file in where.glob("*.toml")]
    return sorted({file.stem for file in files if NAME.match(file.stem)})


def mapping_file(name: str, folder: File | None = None) -> Mapping:
    """The agency's own comes before ours of the same name. Raises `ValueError` naming file, field and cure."""
    for where in filter(None, (folder, MAPPINGS)):
        if NAME.match(name) and (file := where / f"{name}.toml").is_file():
            return parse_mapping(file.read_text(encoding="utf-8"), str(file))
    raise ValueError(f"connector: there is no mapping {name!r:.60}; give one of {', '.join(mapping_names(folder))}")


@cache
def parse_mapping(text: str, where: str) -> Mapping:
    try:
        mapping = Mapping.model_validate(read_toml(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"connector: {where}: {error}") from error
    except ValidationError as error:
        raise ValueError(f"connector: {where}: {_first(error)}") from error
    if not mapping.url and not BLANK.search(mapping.url_from):
        raise ValueError(f"connector: {where}: url: nothing; give the path of a post's address, or url_from")
    return mapping


def _first(error: ValidationError) -> str:
    wrong: Any = error.errors()[0]
    field = str(wrong["loc"][0])
    known = Mapping.model_fields.get(field)
    cure = known.description if known else f"the fields are {', '.join(Mapping.model_fields)}"
    return f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}; {cure}"
