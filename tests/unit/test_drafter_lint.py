"""A template that could send something wrong is named with file, line and cure, before anything is sent."""

import pytest
from typer.testing import CliRunner

from haetae.cli import app
from services.drafter.datafile import BadDataFile
from services.drafter.domain import draft
from services.drafter.law import load_laws
from services.drafter.lint import lint
from services.drafter.rendering import TEMPLATES
from services.drafter.wording import load_wording
from tests.support.cases import office, sealed
from tests.support.goldens import NOW

LAWS, WORDING = load_laws(), load_wording()
NOTICE = (TEMPLATES / "notice.en.txt").read_text()


def told(tmp_path, before, after, name="notice.en.txt", laws=LAWS):
    source = (TEMPLATES / name).read_text()
    assert before in source
    (tmp_path / name).write_text(source.replace(before, after, 1))
    return [str(fault) for fault in lint(laws, WORDING, tmp_path)]


def line(text, name="notice.en.txt"):
    return (TEMPLATES / name).read_text().split(text)[0].count("\n") + 1


def test_the_packages_own_templates_and_data_have_no_fault():
    assert lint(LAWS, WORDING) == ()


def test_a_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "notice.ko.txt").write_bytes("요청".encode("euc-kr"))
    assert [str(fault) for fault in lint(LAWS, WORDING, tmp_path)] == [
        "notice.ko.txt:1: it is not UTF-8; save it in that encoding"
    ]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("{{ phone }}", "{{ fone }}", "there is no placeholder `fone`; did you mean `phone`?"),
        ("{{ category }}", "{{ title }}", "there is no placeholder `title`"),
        ("{{ recipient.name }}", "{{ recipient.email }}", "`recipient.email` may not be printed"),
        ("{{ addresses.page }}", "See {{ addresses.page }}.", "an address is not alone on its line"),
        ("{{ manifest }}", "{{ manifest | upper }}", "the filter `upper` changes a value"),
        ("{{ category }}", "{{ category.format() }}", "something is called"),
        ("{{ category }}", "{% set x = 1 %}{{ category }}", "values are made here"),
        ("{{ category }}", "{{ category * 9999999999 }}", "values are made here"),
        ("{{ category }}", "{{ category.__class__ }}", "`category.__class__` may not be printed"),
        ("{{ category }}", "{{ range(9999999999) }}", "something is called"),
        ("concerning", "concerning", None),
        ("What we ask", "What we ask under Article 16", "the number '1' is typed"),
        ("What we ask", "What we ask within ๔๘ hours", "is typed"),
        ("What we ask", "第十六條", "the number '第十六條' is typed"),
        ("What we ask", "http://a.test/", "an address is typed"),
        ("We attach no picture.", '<img src="cid:1">', "markup"),
        ("We attach", "We\u202eattach", "the invisible character U+202E"),
        ('{% call field("seen_at") %}', '{% call field("seen") %}', "there is no field `seen`"),
        ('{% call field("seen_at") %}', "{% if seen_at %}", "endcall"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, before, after, says):
    name = "recipient.en.txt" if "recipient" in before else "notice.en.txt"
    found = told(tmp_path, before, after, name)
    if says is None:
        assert found == []
    else:
        (fault,) = [one for one in found if says in one]
        place, number, rest = fault.split(":", 2)
        assert place == name
        assert ";" in rest
        assert says == "endcall" or int(number) == line(before, name)


def test_an_address_outside_the_field_of_the_place_is_not_locked(tmp_path):
    found = told(tmp_path, "{% block why %}\n", "{% block why %}\n{{ addresses.page }}\n")
    assert any("an address is not locked" in one for one in found)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("applies to you: {{ citation }}.", "applies to you.", "`article` does not print `citation`"),
        ("{{ declaration }}", "We mean it.", "`good_faith` does not print `declaration`"),
        ("within {{ clock.hours }} hours", "soon", "`deadline` does not print `clock.hours`"),
        ('{% include "digests.txt" %}', "", "`hashes` does not print `picture.sha256`"),
        ('{% include "pictures.txt" %}', "", "`location` does not print `picture.url`"),
        ("{{ tag }} Request to", "Request to", "the subject does not begin with `tag`"),
        ('{% call field("signature") %}', '{% call field("accuracy") %}', "nothing proves `signature`"),
        ("{% include \"ask.en.txt\" %}", "{% include \"nowhere.en.txt\" %}", "nowhere.en.txt"),
    ],
)  # fmt: skip
def test_a_field_that_is_not_proven_is_told(tmp_path, before, after, says):
    assert any(says in one for one in told(tmp_path, before, after))


def test_a_reminder_with_a_date_is_told(tmp_path):
    found = told(tmp_path, "{% block head %}\n", "{% block head %}\n{{ date }}\n", "reminder.ja.txt")
    assert any("reminder.ja.txt:1: a reminder prints `date`" in one for one in found)


def test_a_role_that_is_asked_for_nothing_is_told(tmp_path):
    source = (TEMPLATES / "notice.en.txt").read_text()
    changed = source.replace('{% include "ask.en.txt" %}', '{% if role != "registrar" %}\n{% include "ask.en.txt" %}\n{% endif %}')  # fmt: skip  # noqa: E501
    (tmp_path / "notice.en.txt").write_text(changed)
    found = [str(fault) for fault in lint(LAWS, WORDING, tmp_path)]
    assert any("nothing proves `action` (ICANN_RAA_3_18, registrar)" in one for one in found)


def test_a_law_that_asks_for_what_no_template_writes_is_told(tmp_path):
    (first, *others) = LAWS.law
    demand = first.required[0].model_copy(update={"field": "seal_of_the_king"})
    covers = first.covers | {"weather"}
    changed = first.model_copy(update={"required": (*first.required, demand), "covers": covers, "citation": {}})
    found = [str(one) for one in lint(LAWS.model_copy(update={"law": (changed, *others)}), WORDING, tmp_path)]
    for says in ("`seal_of_the_king`", "no kind `weather`", "a deadline without a rule"):
        assert any(says in one for one in found), says


def test_a_kind_without_words_in_a_language_is_told(tmp_path):
    kind = WORDING.kinds["other"].model_copy(update={"words": {"en": "x"}})
    wording = type(WORDING)({**WORDING.kinds, "other": kind}, WORDING.declarations, WORDING.happenings)
    assert any("other: no words in `zh-Hant`" in str(one) for one in lint(LAWS, wording, tmp_path))


def test_the_command_says_what_is_wrong_and_fails(tmp_path):
    (tmp_path / "notice.xx.txt").write_text("{{ victim }}\n")
    run = CliRunner().invoke(app, ["notices", "lint", str(tmp_path)], env={"COLUMNS": "200"})
    assert run.exit_code == 1
    assert "notice.xx.txt:1: there is no placeholder `victim`" in run.output.replace("\n", " ")


def test_an_agencys_own_templates_count_and_a_faulty_one_stops_the_start(tmp_path):
    (tmp_path / "notice.en.txt").write_text(NOTICE.replace("What we ask", "Our request"))
    own = office(templates_dir=tmp_path)
    assert "Our request" in draft(sealed(site={"language": "en"}), own, NOW).notices[0].body
    (tmp_path / "notice.en.txt").write_text(NOTICE.replace("{{ citation }}", "the law"))
    with pytest.raises(BadDataFile, match="does not print `citation`"):
        office(templates_dir=tmp_path)
