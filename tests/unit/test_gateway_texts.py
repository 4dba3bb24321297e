"""Both languages say everything; vendored files are what they claim; nothing in a page is inline."""

from __future__ import annotations

import hashlib
import re
import string
import tomllib

import pytest

from services.gateway.audit import NAMED, Action
from services.gateway.autosend.managing import Proposal
from services.gateway.autosend.policy import PolicyState
from services.gateway.domain import Alarm, NoticeState, State
from services.gateway.evidence.files import KINDS as FILE_KINDS
from services.gateway.pages import HERE, STATIC, environment
from services.gateway.pictures import REASONS
from services.gateway.queue import PARTS
from services.gateway.requests import local_path
from services.gateway.routes.alerts import STAGES
from services.gateway.routes.case import REJECTIONS
from services.gateway.routes.queue import VIEWS
from services.gateway.submissions import CATEGORIES
from services.gateway.submissions import SOURCES as SOURCES_OF_HASHES
from services.gateway.texts import MESSAGES, Texts, negotiate
from services.gateway.tree.examining import KINDS
from shared.events import AnswerKind, CustodyAction, LawfulBasis, OrderKind
from shared.events.values import ProbeOutcome

LAWS = HERE.parent / "drafter/data/laws.toml"
SOURCES = [*HERE.glob("templates/*.html"), *HERE.rglob("*.py")]
VOCABULARIES = {
    "state": State, "notice": NoticeState, "alarm": Alarm, "alarm_short": Alarm, "action": Action,
    "outcome": ProbeOutcome, "view_reason": REASONS, "reject_reason": REJECTIONS, "view": VIEWS,
    "break": KINDS, "part": PARTS, "part_why": PARTS,
    "risk": ("very-high", "high", "medium", "low"), "chain": NAMED.values(), "basis": LawfulBasis,
    "stage": STAGES, "playbook": STAGES, "may_change": ("figure", "demand"),
    "custody_action": CustodyAction, "order_kind": OrderKind, "file": {kind for kind, _ in FILE_KINDS} | {"other"},
    "step": {path.stem for path in (HERE.parent / "evidence/capture/steps").glob("[a-z]*.py")},
    "source": SOURCES_OF_HASHES, "submitted_category": CATEGORIES,
    "answer": AnswerKind, "policy_state": PolicyState, "form_field": Proposal.model_fields.keys() - {"policy_id"},
    "law": {law["key"] for law in tomllib.loads(LAWS.read_text(encoding="utf-8"))["law"]} | {"POLICY"},
}  # fmt: skip


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    korean, english = MESSAGES["ko"], MESSAGES["en"]
    assert korean.keys() == english.keys()
    assert {key for key in korean if placeholders(korean[key]) != placeholders(english[key])} == set()
    assert all(text.strip() for table in MESSAGES.values() for text in table.values())


@pytest.mark.parametrize("section", VOCABULARIES)
def test_every_code_has_its_word(section: str) -> None:
    assert {code for code in VOCABULARIES[section] if f"{section}.{code}" not in MESSAGES["en"]} == set()


def test_every_problem_has_its_words_and_every_key_of_a_page_exists() -> None:
    used = set()
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'\bt\("([a-z_]+\.[a-z_-]+)"', source))
        for code in re.findall(r'Problem\(\s*\d+,\s*"([a-z-]+)"', source):
            used |= {f"problem.{code}", f"cure.{code}"}
    assert len(used) > 100
    assert used - MESSAGES["en"].keys() == set()


@pytest.mark.parametrize("language", MESSAGES)
def test_why_a_verdict_was_not_given_is_told_without_values_that_nobody_kept(language: str) -> None:
    told = {code: Texts(language).alone("problem", code, "undo.changed") for code in ("draft-changed", "not-drafted")}
    assert told["not-drafted"] == MESSAGES[language]["undo.changed"] != told["draft-changed"]
    assert "{" not in "".join(told.values())


def test_the_playbook_of_the_documents_has_the_same_stages() -> None:
    playbook = (HERE.parents[1] / "docs/playbook.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (\w+)$", playbook, re.MULTILINE)) == STAGES


def test_templates_compile_and_have_nothing_inline() -> None:
    for name in environment.list_templates():
        source = (HERE / "templates" / name).read_text(encoding="utf-8")
        environment.get_template(name)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src)|\|\s*safe|javascript:", source), name


def test_vendored_files_are_what_they_claim() -> None:
    rows = dict(re.findall(r"\| `([\w.-]+)` \|.*`([0-9a-f]{64})` \|", (STATIC / "VENDORED.md").read_text()))
    assert set(rows) == {path.name for path in STATIC.iterdir() if path.name.endswith((".min.js", ".woff2"))}
    for name, digest in rows.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
    for name, version in re.findall(r'url\("([\w.-]+)\?v=(\w+)"\)', (STATIC / "style.css").read_text()):
        assert rows[name].startswith(version)


def colours(sheet: str) -> list[dict[str, str]]:
    """The light scheme, and the dark one."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", sheet)
    return [{name: light for name, light, _ in pairs}, {name: dark for name, _, dark in pairs}]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


AA = 4.5  # WCAG 2.2, 1.4.3, text of ordinary size
PAIRS = (
    ("ink", "paper"), ("ink", "panel"), ("ink", "mild-paper"), ("soft", "paper"), ("soft", "panel"),
    ("soft", "mild-paper"), ("accent", "panel"), ("accent", "paper"), ("on-accent", "accent"), ("good", "good-paper"),
    ("loud", "loud-paper"), ("loud", "panel"), ("accent", "mild-paper"), ("warn", "warn-paper"), ("ink", "raised"),
    ("soft", "raised"),
    ("accent", "raised"),
)  # fmt: skip


def test_colours_have_the_contrast_of_wcag_aa() -> None:
    schemes = colours((STATIC / "style.css").read_text())
    assert len(schemes[0]) > 10
    for scheme in schemes:
        ratios = {pair: contrast(scheme[pair[0]], scheme[pair[1]]) for pair in PAIRS}
        assert {pair: ratio for pair, ratio in ratios.items() if ratio < AA} == {}


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("ko", "en", "ko"),
        (None, "en-GB,en;q=0.9,ko;q=0.8", "en"),
        (None, "fr, ko;q=0.5, en;q=0.4", "ko"),
        (None, "fr", "ko"),
        (None, None, "ko"),
        ("xx", "en;q=0,ko;q=junk", "ko"),
        (None, "en" + ",en" * 10_000, "en"),
    ],
)
def test_language(chosen: str | None, accepted: str | None, language: str) -> None:
    assert negotiate(chosen, accepted, "ko") == language


@pytest.mark.parametrize("path", ["//evil.test", "http://evil.test", "/\\evil.test", "javascript:x", "/a\nb", "", None])
def test_only_own_paths_are_gone_on_to(path: str | None) -> None:
    assert local_path(path) == "/"


def test_a_path_keeps_its_query() -> None:
    assert local_path("/?view=all&after=1~x") == "/?view=all&after=1~x"
