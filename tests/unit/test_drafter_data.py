"""The drafter's data files and settings: complete, and a wrong one is named with its cure."""

import re

import pytest
from pydantic import ValidationError

from services.drafter.datafile import DATA, BadDataFile
from services.drafter.domain import draft
from services.drafter.law import load_laws
from services.drafter.rendering import TEMPLATES, Templates
from services.drafter.settings import SAMPLE, Settings
from tests.support.cases import office, sealed
from tests.unit.test_drafter_notices import NOW

OFFICE = office()
REPORT_LANGUAGES = sorted(Templates().of("report"))
LANGUAGES = {"ko", "en", "zh", "zh-Hant", "ja", "ru", "vi", "es", "th"}


def settings(**more):
    return Settings(database_url="postgresql+psycopg://x", kafka_bootstrap="x:1", **more)


def test_every_field_that_a_law_demands_is_one_that_each_template_writes():
    demanded = {demand.field for law in (*OFFICE.laws.law, OFFICE.laws.policy) for demand in OFFICE.laws.demands(law)}
    for language in Templates().of("notice"):
        text = (TEMPLATES / f"notice.{language}.txt").read_text()
        assert demanded <= set(re.findall(r'call field\("(\w+)"\)', text)), language


def test_every_category_and_problem_has_its_sentence_in_every_language():
    for texts in (*(kind.words for kind in OFFICE.categories.kinds.values()), *OFFICE.categories.declarations.values()):
        assert set(texts) == LANGUAGES
    for sentences in OFFICE.sentences.root.values():
        assert set(sentences) == set(REPORT_LANGUAGES)


@pytest.mark.parametrize("language", REPORT_LANGUAGES)
def test_the_report_says_what_a_lawyer_has_to_verify(language):
    body = draft(sealed(site={"country": "VN"}), office(language), NOW).report.body
    law = OFFICE.laws.applicable("VN", "known_content")
    assert law.note[language] in body
    assert OFFICE.laws.home_for("known_content").note[language] in body
    assert {"ko": "확인 필요", "en": "verify"}[language] in body
    assert "24" in body


def test_the_sample_identity_is_named_until_it_is_replaced():
    assert "HAETAE_AGENCY_NAME" in settings().agency().sample
    assert settings(**{name: f"our {name}" for name in SAMPLE}).agency().sample == ()


def test_an_identity_cannot_break_a_line():
    with pytest.raises(ValidationError, match="agency_phone"):
        settings(agency_phone="1\r\nBcc: a@b.test")


def test_a_lawyers_own_copy_counts(tmp_path):
    text = (DATA / "laws.toml").read_text()
    (tmp_path / "laws.toml").write_text(text.replace("hours = 48 }", "hours = 36 }"))
    laws = load_laws(tmp_path / "laws.toml")
    assert laws.applicable("US", "known_content").clock.hours == 36


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("verify = true", "verfy = true"), "verfy"),
        (('kind = "without_delay"', 'kind = "soon"'), "clock.kind"),
        (("[standard]", "[standard"), "laws.toml"),
    ],
)
def test_a_wrong_copy_is_named_with_its_field_and_cure(tmp_path, change, says):
    broken = tmp_path / "laws.toml"
    broken.write_text((DATA / "laws.toml").read_text().replace(*change))
    with pytest.raises(BadDataFile, match=re.escape(says)) as error:
        load_laws(broken)
    assert str(broken) in str(error.value)
