"""Notices of each kind, language and jurisdiction are those that a person read last: `make golden` accepts a change."""

import pytest

from services.drafter.rendering import Templates
from shared.notices import notice_digest
from tests.support import goldens

CURE = "read what changed, then `make golden`"


def test_each_kind_in_each_language_under_each_law_is_whole_and_as_it_was():
    office, lines = goldens.the_office(), (goldens.FOLDER / "table.tsv").read_text().splitlines()
    assert len(goldens.kinds()) >= 10
    assert set(goldens.LANGUAGES) == Templates().of("notice")
    for kind in goldens.kinds():
        for language in goldens.LANGUAGES:
            for country in goldens.COUNTRIES.values():
                notice = goldens.written(kind, language, country)
                law = office.laws.applicable(country, kind, goldens.operator(country))
                assert notice.missing == ()
                assert notice.sha256 == notice_digest(notice)
                demanded = [(one.field, one.source) for one in office.laws.demands(law, "first", kind)]
                assert [(one.field, one.source) for one in notice.requirements] == demanded
                assert all(one.satisfied_by in notice.body for one in notice.requirements)
    now = goldens.table().splitlines()
    assert [line for line in now if line not in lines] == [], CURE
    assert now == lines, CURE


def test_the_full_texts_are_as_they_were():
    made = dict(goldens.texts())
    kept = {str(path.relative_to(goldens.FOLDER)) for path in goldens.FOLDER.rglob("*.txt")}
    assert kept == set(made), CURE
    for name, text in made.items():
        assert (goldens.FOLDER / name).read_text() == text, f"{name}: {CURE}"


@pytest.mark.parametrize("role", ["host", "cdn", "registrar", "search", "hotline", "regulator"])
@pytest.mark.parametrize("language", goldens.LANGUAGES)
def test_each_role_is_asked_for_what_it_can_do(language, role):
    """Each is told something else than the operator, and no deadline of a law that does not bind it."""
    notice, operators = (
        goldens.written("known_content", language, "US", role),
        goldens.written("known_content", language, "US"),
    )
    said = {one.field: one.satisfied_by for one in notice.requirements}
    assert said["action"] != {one.field: one.satisfied_by for one in operators.requirements}["action"]
    assert "48" not in said["deadline"]
    assert notice.clock.kind == "none"
    assert notice.missing == ()
