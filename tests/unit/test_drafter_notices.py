"""Notices have what each law asks, in each language, and nothing that they must not have."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from services.drafter.contacts.resolve import resolve
from services.drafter.domain import Known, draft, draft_without_evidence
from services.drafter.notice import MAX_SUBJECT, Occasion, Writer
from services.drafter.rendering import ENVIRONMENT, Templates, render
from services.drafter.requirements import altered, prove
from services.drafter.untrusted import stands_alone
from shared.events import EvidenceFailed, NoticeDrafted, Place, ReviewDecided
from shared.events.examples import EXAMPLES, PICTURE
from shared.events.values import PictureView
from shared.notices import notice_digest, reference
from shared.text import one_line
from tests.support.cases import office, sealed
from tests.support.contacts import case, contact

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OFFICE = office()
NOTICE_LANGUAGES = sorted(OFFICE.templates.of("notice"))
# Words that only that language's template has: a template cannot quietly be the copy of another.
OWN_WORDS = {"ko": "요청 사항", "en": "What we ask", "ja": "お願いする措置", "zh": "请求事项", "vi": "Đề nghị", "th": "สิ่งที่ขอ", "ru": "О чём мы просим", "zh-Hant": "請求事項", "es": "Qué solicitamos"}  # fmt: skip  # noqa: E501


def notice_of(event, office=OFFICE):
    """To the site, before anything happened."""
    return next(
        one for one in draft(event, office, NOW).notices if (one.occasion, one.recipient.role) == ("first", "site")
    )


@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
def test_a_notice_is_in_the_sites_language_with_its_tag_and_its_rule(language):
    """That every law's fields are proven in each language, the golden files show."""
    event = sealed(site={"language": language, "country": "KR"})
    notice, law = notice_of(event), OFFICE.laws.applicable("KR", "known_content")
    assert (notice.locale or notice.language) == language
    assert OWN_WORDS[language] in notice.body
    assert law.cited_in(language) in notice.body
    assert notice.sha256 == notice_digest(notice)
    assert f"[Haetae {reference(event.case_id)}]" in notice.subject


@pytest.mark.parametrize(
    ("country", "category", "key"),
    [
        ("KR", "known_content", "KR_TBA_22_5"),
        ("US", "known_content", "US_TIDA"),
        ("US", "suspected_text", "POLICY"),
        ("FR", "suspected_text", "EU_DSA_16"),
        ("AU", "known_content", "AU_OSA_77"),
        ("VN", "known_content", "VN_147"),
        ("JP", "known_content", "POLICY"),
        ("GB", "known_content", "POLICY"),
        ("CN", "known_content", "POLICY"),
        (None, "known_content", "POLICY"),
    ],
)
def test_the_rule_follows_from_country_and_category(country, category, key):
    assert OFFICE.laws.applicable(country, category).key == key


def test_deadlines_are_those_of_the_law():
    deadline = {
        country: next(
            one.satisfied_by
            for one in notice_of(sealed(site={"country": country})).requirements
            if one.field == "deadline"
        )
        for country in ("US", "KR", "JP", "CN", "AU")
    }
    assert "48 hours" in deadline["US"]
    assert "47 USC 223a" in deadline["US"]
    assert "without delay" in deadline["KR"]
    assert "not a statutory deadline" in deadline["JP"]
    assert "not a statutory deadline" in deadline["CN"]
    assert "not a statutory deadline" in deadline["AU"]


def test_a_rule_that_may_not_be_in_force_is_told_to_the_reviewer_only():
    written = draft(sealed(site={"country": "GB"}), OFFICE, NOW)
    assert "UK_CPB_2026" in written.report.body
    assert "Crime and Policing" not in written.notices[0].body


def test_a_field_that_no_words_prove_is_named_by_the_notice_and_the_report():
    demand = OFFICE.laws.law[1].required[0].model_copy(update={"field": "seal_of_the_king"})
    laws = OFFICE.laws.model_copy(update={"policy": OFFICE.laws.policy.model_copy(update={"required": (demand,)})})
    thin = office()
    written = draft(sealed(site={"country": "CN"}), type(thin)(**{**vars(thin), "laws": laws}), NOW)
    assert "seal_of_the_king" in written.notices[0].missing[0]
    assert written.notices[0].notice_id not in {notice.follows for notice in written.notices}
    assert "seal_of_the_king" in written.report.body


def test_words_count_only_where_the_notice_has_them():
    demand = OFFICE.laws.law[1].required[0]
    assert prove([demand], {demand.field: "signed"}, "nothing here")[1] == (demand,)
    assert prove([demand], {demand.field: " \n"}, "nothing here")[1] == (demand,)


def test_a_template_cannot_use_what_is_not_given():
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("telephone {{ phone }}").render({})
    with pytest.raises(UndefinedError):
        render("notice.en.txt", {"tag": "[Haetae HT-AAAAAAAA]"})


@pytest.mark.parametrize(
    "url",
    [
        "http://a.test/one two",
        "http://a.test/\u3000",
        "http://a.test/\n",
        "http://a.test/\u2028x",
        "http://a.test/\u202egnp",
        "http://a.test/\u200b",
        "javascript:alert(1)",
        "http:///nowhere",
        "http://[broken/",
        "",
    ],
)
def test_an_address_that_could_deceive_a_reader_does_not_stand(url):
    assert not stands_alone(url)


@given(text=st.text(max_size=300), limit=st.integers(1, 50))
def test_one_line_is_one_short_line(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_an_altered_address_is_noticed():
    assert altered("see\nhttp://a.test/1 \n", ["http://a.test/1"], []) == ("http://a.test/1",)
    assert altered("x", [], ["y"]) == ("y",)


@pytest.mark.parametrize(
    "url",
    [
        "http://harbour-board.en.test/p?a=1&b=<i>{{x}}{%y%}#frag",
        "http://harbour-board.en.test/%ED%95%9C?q=a+b'\"",
        "http://harbour-board.en.test/글/쪽",
        "http://harbour-board.en.test:8080/post/1;x=(y)",
    ],
)
def test_odd_addresses_stand_unchanged_on_a_line_of_their_own(url):
    for language in NOTICE_LANGUAGES:
        assert url in notice_of(sealed(url=url, site={"language": language})).body.split("\n")


def test_a_language_without_template_gets_english_and_korean():
    notice = notice_of(sealed(site={"language": "de", "country": "DE"}))
    assert notice.language == "en"
    assert OWN_WORDS["en"] in notice.body
    assert OWN_WORDS["ko"] in notice.body


def test_pictures_on_another_host_are_not_in_the_notice_but_in_the_report():
    foreign = PICTURE.model_copy(update={"url": "http://cdn.other.test/1.jpg"})
    written = draft(sealed(pictures=(PICTURE, foreign)), OFFICE, NOW)
    assert foreign.url not in written.notices[0].body
    assert "agree with nothing listed, so the hosts are not asked about them: cdn.other.test" in written.report.body


def test_matched_pictures_come_first_and_the_surplus_is_counted():
    others = tuple(PICTURE.model_copy(update={"url": f"http://harbour-board.en.test/m/{n}.jpg"}) for n in range(40))
    written = draft(sealed(pictures=(*others, PICTURE)), OFFICE, NOW)
    assert written.notices[0].body.index(PICTURE.url) < written.notices[0].body.index(others[0].url)
    assert "left out: 11" in written.report.body


def test_a_weak_perceptual_hash_is_no_evidence():
    weak = PICTURE.model_copy(update={"pdq_quality": 49})
    assert PICTURE.pdq_dihedral[0] not in notice_of(sealed(pictures=(weak,))).body
    assert PICTURE.sha256 in notice_of(sealed(pictures=(weak,))).body


@pytest.mark.parametrize("contact", [None, "", "not a mailbox", "a@b.test\r\nBcc: c@d.test", "a@b.test, c@d.test"])
def test_without_a_contact_the_report_raises_an_alarm(contact):
    written = draft(sealed(site={"abuse_email": contact}), OFFICE, NOW)
    assert {notice.recipient.role for notice in written.notices} <= {"search"}
    assert "[ALARM]" in written.report.body


def test_failed_evidence_asks_nobody_and_tells_the_reviewer_why():
    written = draft_without_evidence(EXAMPLES[EvidenceFailed], OFFICE)
    assert written.notices == ()
    assert "the page answered 410" in written.report.body
    assert "410" in draft_without_evidence(EXAMPLES[EvidenceFailed], office("ko")).report.body


hostile = st.text(st.characters(exclude_categories=("Cs",)), max_size=400)


@given(title=hostile, name=hostile)
def test_hostile_titles_and_names_write_no_lines_of_their_own(title, name):
    event = sealed(title=f"{title}\r\nBcc: x@y.test", excerpt=title, site={"name": f"{name}\r\nBcc: x@y.test"})
    written = draft(event, OFFICE, NOW)
    notice = written.notices[0]
    assert len(notice.subject) <= MAX_SUBJECT
    assert notice.subject == one_line(notice.subject, MAX_SUBJECT)
    for text in (notice.body, written.report.body):
        assert not any(line.startswith("Bcc:") for line in text.splitlines())
    assert "\r" not in notice.body


@given(path=hostile)
def test_an_address_stands_unchanged_or_no_notice_is_written(path):
    url = f"http://harbour-board.en.test/{path}"
    written = draft(sealed(url=url, pictures=()), OFFICE, NOW)
    if stands_alone(url):
        assert url in written.notices[0].body.split("\n")
    else:
        assert written.notices == ()
        assert "[ALARM]" in written.report.body


def test_draft_and_approval_fit_into_a_record_however_much_a_page_shows():
    """1 MiB, with the report or with the finding; here of 60 pictures with all their views at the longest addresses."""
    hosts = ["harbour-board.en.test", *(f"pics.store{number}.test" for number in range(7))]
    view = PictureView(name="quadrant-1", pdq=("0" * 64,) * 8, pdq_quality=100, phash=("0" * 16,) * 8)
    pictures = tuple(
        PICTURE.model_copy(update={"url": f"http://{hosts[n % 8]}/{n:04}{'p' * 4000}", "views": (view,) * 7})
        for n in range(60)
    )
    stores = tuple(Place(host=one, contacts=(contact("host", f"abuse@net-of-{one}"),)) for one in hosts[1:])
    event = case(pictures=(), elsewhere=stores, language="th", country="VN")
    finding = event.finding.model_copy(update={"pictures": pictures, "excerpt": "가" * 2000})
    assessment = event.assessment.model_copy(update={"matches": ()})
    written = draft(event.model_copy(update={"finding": finding, "assessment": assessment}), OFFICE, NOW)
    drafted = NoticeDrafted(case_id=event.case_id, report=written.report, notices=written.notices, drafted_at=NOW)
    decided = EXAMPLES[ReviewDecided].model_copy(update={"approved": written.notices, "finding": finding})
    assert "too many for one record" in written.report.body
    assert max(len(one.model_dump_json().encode()) for one in (drafted, decided)) < 1024 * 1024


def test_a_notice_is_refused_when_it_lost_a_locked_value(monkeypatch):
    event, moments = sealed(), (f"moment {number}" for number in range(100))
    asked = resolve(event, OFFICE.ladder, {}, NOW).asked[0]
    monkeypatch.setattr("services.drafter.notice.stamp", lambda _: next(moments))
    refused = Writer(event, OFFICE, NOW).write(asked, Occasion())
    assert refused.code == "altered"


def test_the_reviewer_is_told_when_a_model_reworded_a_sentence():
    known = Known(polished={"en": "Said otherwise."})
    assert "reworded the sentence" in draft(sealed(), OFFICE, NOW, known).report.body
    assert "reworded the sentence" not in draft(sealed(), OFFICE, NOW).report.body


def test_the_reviewer_reads_the_whole_notice_in_korean():
    notice = notice_of(sealed(site={"language": "ru"}))
    assert OWN_WORDS["ko"] in notice.korean
    assert notice_of(sealed(site={"language": "ko", "country": "KR"})).korean == ""


def test_a_reminder_that_lost_an_address_is_refused(tmp_path):
    (tmp_path / "reminder.en.txt").write_text(
        "{{ tag }} Reminder\n{{ addresses.page }}\n{{ reference }} {{ seen_at }} {{ sealed_at }}\n"
    )
    thin = replace(OFFICE, templates=Templates(tmp_path))
    written = draft(sealed(), thin, NOW)
    assert all(notice.occasion != "reminder" for notice in written.notices if notice.language == "en")
    assert PICTURE.url in written.report.body.partition("5. To look at")[2]
