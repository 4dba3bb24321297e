"""Documents draw each language in its own forms, and say each moment once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import typst

from services.gateway.documents.drawing import LOOK, clock, draw
from services.gateway.documents.notice import notice_values
from services.gateway.notices.rows import CaseNotice
from services.gateway.texts import Texts
from shared.events.examples import CASE
from shared.typeset.drawing import fonts
from tests.support import goldens

NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def picture(language: str, words: str) -> bytes:
    page = f'#set page(width: auto, height: auto)\n#tongue("{language}", "{words}")'
    data = json.dumps({"words": {}, "title": "", "language": "ko"})
    source = f"{LOOK}\n{page}".encode()
    drawn = typst.Compiler(input=source, font_paths=fonts()).compile(
        input=source, format="png", sys_inputs={"data": data}
    )
    assert isinstance(drawn, bytes)
    return drawn


def test_a_character_has_the_form_of_its_language() -> None:
    """U+8FD4, and the comma that Taiwan sets in the middle."""
    assert len({picture(language, "返，") for language in ("ja", "zh", "zh-Hant")}) == 3


@pytest.mark.parametrize("language", goldens.LANGUAGES)
def test_a_notice_is_drawn_in_its_own_language(language: str) -> None:
    notice = goldens.written("known_content", language, "US")
    row = CaseNotice(notice_id=notice.notice_id, case_id=CASE)
    values = notice_values(row, notice, Texts("ko"), clock(UTC))
    assert values["tongue"] == language
    assert not {row[0] for row in values["proofs"]} & {one.field for one in notice.requirements}  # words, no codes
    assert "U+" not in json.dumps(values, ensure_ascii=False)
    assert draw("notice", values, NOON).startswith(b"%PDF-")


def test_a_moment_is_told_here_and_in_utc() -> None:
    assert clock(ZoneInfo("Asia/Seoul"))(NOON) == "2026-11-22 12:00:00 KST (03:00:00 UTC)"
    assert clock(UTC)(NOON) == "2026-11-22 03:00:00 UTC"
