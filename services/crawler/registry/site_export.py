"""Writing a list of sites (pure): what `site_lines.parse_sites` reads back as it was."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from services.crawler.registry.site_fields import FIELDS
from services.crawler.registry.site_lines import SiteLine


def written(sites: Iterable[SiteLine], format: str) -> Iterator[str]:
    """The lines of a CSV or a JSON-lines file, each with its end."""
    if format == "csv":
        yield _csv_line(FIELDS)
        for site in sites:
            values = _values(site)
            yield _csv_line([_text(values[name]) for name in FIELDS])
    elif format == "jsonl":
        for site in sites:
            given = {name: value for name, value in _values(site).items() if value is not None}
            yield json.dumps(given, ensure_ascii=False) + "\n"
    else:
        raise ValueError(f"format {format!r} is not known; give csv or jsonl")


def _values(site: SiteLine) -> Mapping[str, object]:
    values = asdict(site)
    options = None if site.options is None else json.loads(site.options)
    given = {"url": site.start_url, **values, "options": options}
    return {name: given[name] for name in FIELDS}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _csv_line(values: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()
