"""Templates become text: nothing undefined, nothing escaped, and the words of each field remembered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def environment(*own: Path) -> Environment:
    """`own`: folders whose templates stand in for the package's of the same name."""
    # Plain text knows no markup, and an address must stay as it is: escaping would change what an operator has to find.
    return Environment(
        loader=FileSystemLoader([*own, TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


ENVIRONMENT = environment()


@dataclass(frozen=True)
class Rendered:
    """A text with its first line apart. `fields`: what the template put between `{% call field("…") %}`."""

    heading: str
    body: str
    fields: Mapping[str, str]


def render(template: str, values: Mapping[str, object], templates: Environment = ENVIRONMENT) -> Rendered:
    """Raises `jinja2.UndefinedError` when the template names a value that is not given."""
    fields: dict[str, str] = {}

    def field(name: str, caller: Callable[[], str]) -> str:
        words = caller()
        fields[name] = words.strip()
        return words

    text = templates.get_template(template).render(values, field=field)
    heading, _, body = text.partition("\n")
    return Rendered(heading.strip(), body.strip("\n") + "\n", fields)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Templates:
    """The package's, or those of the agency's folder where it has its own."""

    def __init__(self, own: Path | None = None) -> None:
        folders = (TEMPLATES, own) if own else (TEMPLATES,)
        self._environment = environment(own) if own else ENVIRONMENT
        self._names = frozenset(path.name for folder in folders for path in folder.glob("*.txt"))

    def of(self, occasion: str) -> frozenset[str]:
        """The languages in which there is one for it: `ko`, `zh-Hant`, …"""
        named = (name.split(".") for name in self._names if name.startswith(f"{occasion}."))
        return frozenset(language for _, language, _ in named)

    def render(self, template: str, values: Mapping[str, object]) -> Rendered:
        """Raises as `render` does."""
        return render(template, values, self._environment)
