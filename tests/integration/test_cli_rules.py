"""`haetae rules` and `haetae policy` as a person uses them, against one database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from haetae.cli import app
from haetae.rules_pages import policy_text, rule_text
from services.classifier.risk.facts import FACTS
from services.classifier.risk.policy import Policy
from services.classifier.risk.rules import Rule
from tests.support.commands import Haetae

RULE = """
name = "known-with-phone"
when = "known > 0.3 and 'phone' in personal"
note = "who can be called is found at once: \\"now\\""
[then]
flag = true
add_urgency = 0.3
[[tests]]
says = "a weak match beside a number"
given = { known = 0.4, personal = ["phone"], "seen_on" = 3 }
applies = true
"""
WHO = ("--by", "kim", "--why", "for the test")


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    file = tmp_path / "rule.toml"
    file.write_text(RULE)
    return file


def test_a_rule_goes_from_a_file_to_live_and_back(haetae: Haetae, rule: Path) -> None:
    assert haetae("rules", "test", rule) == (0, "1 of 1 tests pass")
    assert haetae("rules", "add", rule, *WHO) == (0, "known-with-phone is kept as version 1, in mode off")
    assert haetae("rules", "dry-run", rule) == (0, "0 findings looked at")
    assert haetae("rules", "shadow", "known-with-phone", *WHO) == (0, "known-with-phone is shadow (version 2)")
    assert haetae("rules", "live", "known-with-phone", *WHO) == (0, "known-with-phone is live (version 3)")
    assert haetae("rules", "live", "known-with-phone", *WHO) == (1, "known-with-phone is live already")
    assert "known-with-phone live 3 0 0 0 0 add_urgency 0.3, flag" in haetae("rules", "list")[1]
    rule.write_text(RULE.replace("> 0.3", "> 0.2"))
    assert haetae("rules", "add", rule, *WHO)[1] == "known-with-phone is kept as version 4, in mode shadow"
    status, said = haetae("rules", "rollback", "known-with-phone", "--by", "lee")
    assert (status, said) == (0, "known-with-phone: version 5, in mode live (back to version 3)")
    assert haetae("rules", "off", "known-with-phone", *WHO)[0] == 0
    history = haetae("rules", "history", "known-with-phone")[1]
    assert history.index("lee back to version 3") < history.index("4 shadow")


def test_what_is_shown_can_be_added_again(haetae: Haetae, rule: Path, tmp_path: Path) -> None:
    haetae("rules", "add", rule, *WHO)
    shown = CliRunner().invoke(app, ["rules", "show", "known-with-phone"]).output
    assert Rule.from_toml(shown) == Rule.from_toml(RULE)
    assert Rule.from_toml(rule_text(Rule.from_toml(RULE))) == Rule.from_toml(RULE)
    assert json.loads(haetae("rules", "list", "--json")[1])["mode"] == "off"
    given = {"weights": {"slang": 0.1}, "flag_from_by_category": {"known_content": 0.3}, "flag_urgent_from": 0.2}
    written = policy_text(Policy.model_validate(given))
    assert policy_text(Policy.from_toml(written)) == written


def test_the_built_in_policy_is_the_one_that_the_environment_gives(
    haetae: Haetae, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAETAE_FLAG_FROM", "0.73")
    assert "flag_from = 0.73" in haetae("policy", "show")[1]
    monkeypatch.setenv("HAETAE_FLAG_FROM", "many")
    status, said = haetae("policy", "show")
    assert (status, "flag_from" in said, "Traceback" in said) == (1, True, False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rules", "live", "nowhere", *WHO), "there is no rule 'nowhere'; `haetae rules list` shows what there is"),
        (("rules", "show", "nowhere"), "there is no rule 'nowhere', and no such file"),
        (("rules", "history", "nowhere"), "there is no rule 'nowhere'"),
        (("rules", "test", "nowhere"), "there is no rule 'nowhere', and no such file"),
    ],
)
def test_what_is_not_there_is_named(haetae: Haetae, arguments: tuple[str, ...], said: str) -> None:
    status, printed = haetae(*arguments)
    assert status == 1
    assert said in printed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("known > 0.3", "knwon > 0.3", "at 1: nothing is called 'knwon'; is known meant?"),
        ("'phone' in personal", "personal =~ 'p'", "has no place in a rule"),
        ("flag = true", "flags = true", "then.flags: Extra inputs"),
        ("name = ", "nmae = ", "name: Field required"),
    ],
)
def test_a_wrong_rule_is_refused_in_one_line(haetae: Haetae, rule: Path, old: str, new: str, said: str) -> None:
    rule.write_text(RULE.replace(old, new))
    status, printed = haetae("rules", "add", rule, *WHO)
    assert (status, "Traceback" in printed) == (1, False)
    assert said in printed
    assert "known-with-phone" not in haetae("rules", "list")[1]


def test_failing_tests_are_told_and_keep_it_from_going_live(haetae: Haetae, rule: Path) -> None:
    rule.write_text(RULE.replace("applies = true", "applies = false"))
    told = "'a weak match beside a number': the rule applies"
    assert haetae("rules", "test", rule) == (1, f"0 of 1 tests pass {told}")
    assert haetae("rules", "add", rule, *WHO) == (1, f"known-with-phone is kept as version 1, in mode off {told}")
    assert haetae("rules", "live", "known-with-phone", *WHO)[0] == 1


def test_a_policy_is_shown_set_tried_and_kept(haetae: Haetae, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("flag_from = 0.7\nweights = { slang = 0.2 }\n")
    assert "flag_from = 0.5" in haetae("policy", "show")[1]
    assert haetae("policy", "dry-run", file) == (0, "0 findings looked at")
    assert haetae("policy", "set", file, *WHO) == (0, "policy version 1 judges")
    assert "flag_from = 0.7" in haetae("policy", "show")[1]
    assert "slang = 0.2" in haetae("policy", "show")[1]
    assert "kim for the test" in haetae("policy", "history")[1]
    file.write_text("weights = { slnag = 0.2 }\n")
    status, said = haetae("policy", "set", file, *WHO)
    assert (status, "there is no component slnag" in said) == (1, True)


def test_every_fact_is_explained(haetae: Haetae) -> None:
    said = haetae("rules", "facts")[1]
    assert [name for name, fact in FACTS.items() if name not in said or fact.meaning not in said] == []
