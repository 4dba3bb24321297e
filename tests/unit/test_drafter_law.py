"""Which rule is cited to whom, what it demands, and what happened in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafter.datafile import DATA, BadDataFile
from services.drafter.law import load_laws
from services.drafter.wording import load_wording
from shared.events import LogLine
from tests.support.goldens import NOW

LAWS, WORDING = load_laws(), load_wording()


@pytest.mark.parametrize(
    ("country", "category", "role", "host", "key"),
    [
        ("KR", "known_content", "site", "a.test", "KR_TBA_22_5"),
        ("KR", "threatened", "site", "a.test", "POLICY"),
        ("KR", "known_content", "host", "a.test", "POLICY"),
        ("US", "minor_apparent", "host", "a.test", "US_2258A"),
        ("US", "known_content", "registrar", "a.test", "ICANN_RAA_3_18"),
        ("US", "known_content", "registrar", "a.com:8080", "ICANN_RAA_3_18"),
        ("KR", "known_content", "registrar", "a.co.kr", "POLICY"),
        ("KR", "known_content", "registrar", "a.xn--3e0b707e", "POLICY"),
        (None, "known_content", "registrar", "", "POLICY"),
        ("DE", "trade_offer", "search", "a.test", "POLICY"),
        ("DE", "trade_offer", "host", "a.test", "EU_DSA_16"),
        ("US", "known_content", "regulator", "a.test", "US_TIDA"),
        ("JP", "personal_data_posted", "platform", "a.test", "JP_PLATFORM"),
        ("JP", "personal_data_posted", "site", "a.test", "POLICY"),
        ("US", "a category of the agency's own", "site", "a.test", "POLICY"),
    ],
)
def test_a_rule_is_cited_to_those_whom_it_binds(country, category, role, host, key):
    assert LAWS.applicable(country, category, role, host).key == key


def test_whoever_watches_over_a_rule_has_no_deadline():
    law = LAWS.applicable("US", "known_content", "regulator")
    assert law.clock.hours == 48
    assert law.clock_for("site").hours == 48
    assert law.clock_for("regulator").kind == "none"


def test_child_material_needs_no_name_under_the_exception_of_the_regulation():
    law = LAWS.applicable("DE", "minor_apparent")
    sources = {one.field: one.source for one in LAWS.demands(law, "first", "minor_apparent")}
    assert sources["sender"] == LAWS.standard.source
    assert {one.field: one.source for one in LAWS.demands(law, "first", "known_content")}[
        "sender"
    ] == "DSA Article 16(2)(c)"


def test_a_request_that_states_a_missing_consent_covers_only_kinds_that_state_it():
    tida = next(law for law in LAWS.law if law.key == "US_TIDA")
    assert {WORDING.kinds[kind].declaration for kind in tida.covers} == {"no_consent"}
    assert WORDING.kinds["minor_apparent"].declaration == "apparent_minor"


@pytest.mark.parametrize("kind", sorted(WORDING.kinds))
def test_each_kind_has_its_home_article_or_none_on_purpose(kind):
    home = LAWS.home_for(kind)
    assert (home is None) == (kind in ("other", "suspected_text"))
    if kind == "minor_apparent":
        assert home.key == "KR_YPA_11"
        assert WORDING.kind(kind).parallel


def test_a_category_that_nobody_knows_is_written_about_in_general():
    assert WORDING.words("an agency's own", "ja") == WORDING.words("other", "ja")
    assert not WORDING.knows("an agency's own")


@pytest.mark.parametrize(
    ("change", "says"),
    [(('declaration = "unlawful"', 'declaration = "fine"'), "none of"), (("[other]", "[others]"), "no \\[other\\]")],
)
def test_a_wrong_file_of_kinds_is_named_with_its_field(tmp_path, change, says):
    (tmp_path / "kinds.toml").write_text((DATA / "kinds.toml").read_text().replace(*change))
    with pytest.raises(BadDataFile, match=says):
        load_wording(tmp_path / "kinds.toml")


def test_what_happened_is_told_in_words_and_the_rule_as_it_is_cited():
    line = LogLine(at=NOW, what="expired", recipient="a@b.test", detail="law=US_TIDA; hours=48; proof=presumed")
    assert WORDING.happenings.tell(line, LAWS, "ko") == (
        "기한 경과, a@b.test (근거: 미국 TAKE IT DOWN Act, 47 USC 223a; 시간: 48; 증명: 추정(수신 서버 접수 시점부터))"
    )


@given(what=st.text(max_size=40), recipient=st.text(max_size=40), detail=st.text(max_size=400))
def test_whatever_came_back_stays_on_its_line(what, recipient, detail):
    line = LogLine(at=NOW, what=what, recipient=recipient, detail=detail)
    assert len(WORDING.happenings.tell(line, LAWS, "en").splitlines()) <= 1
