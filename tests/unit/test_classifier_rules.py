"""The agency's rules: what the language lets in, what it says when it refuses, and what rules do together."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.domain import Judgement, Policy, judge
from services.classifier.risk.expression import LONGEST, Expression, RuleInvalid
from services.classifier.risk.facts import FACTS, KINDS, facts_of
from services.classifier.risk.rule_tests import RuleTest, failing
from services.classifier.risk.rules import Effect, Rule, RulesInvalid, apply
from services.classifier.signals import PictureSigns, Signals, SlangHit, TextSigns
from shared.events.values import Match

README = Path(__file__).parents[2] / "services/classifier/README.md"
POLICY = Policy()
NOW = datetime(2026, 1, 8, tzinfo=UTC)
MATCH = Match(
    picture_url="http://board.test/a.jpg", bank="agency", entry="x", algorithm="pdq", distance=12, variant="original",
    source="victim_report", category="stand-in",
)  # fmt: skip
FULL = Signals(
    host="board.test",
    site_kind="board",
    country="KR",
    language="ko",
    pictures=2,
    videos=1,
    published_at=NOW,
    found_at=NOW,
    seen_on=3,
    matches=(MATCH,),
    harmless=(MATCH.model_copy(update={"bank": "harmless"}),),
    text=TextSigns(
        score=0.4,
        slang=(SlangHit(term="lantern-1", category="stand-in", weight=0.3),),
        personal={"phone": 2},
        disguised=0.5,
    ),
    looked_at=(PictureSigns(sha256="0" * 64, categories={"stand-in": 0.7, "other": 0.2}, minor=0.1),),
)
EMPTY = Signals(host="", site_kind="", found_at=NOW)


def facts(signals: Signals = FULL) -> dict[str, Any]:
    return facts_of(signals, judge(signals, POLICY))


def judgement(text: float = 0.4) -> Judgement:
    return judge(Signals(host="h", site_kind="board", found_at=NOW, text=TextSigns(score=text)), POLICY)


# --- the language


@pytest.mark.parametrize(
    "text",
    [
        "risk > 0.3 and 'phone' in personal",
        "(age_hours ?? 999) < 24",
        "age_hours != null",
        "host.ends_with('.test') or country in ['KR', 'JP']",
        "not (flagged and known < 0.5)",
        "personal_count + seen_on * 2 >= 8",
        "banks.length == 1 and 'agency' in banks",
        "(minor ?? 0) >= 0.1\n  and (distance ?? 256) <= 31",
        "'lantern-1' in slang and 'stand-in' in bank_categories and -risk < 0",
        "synthetic == null",
        "category == 'known_content' and site_kind == \"board\"",
        "'victim_report' in sources and 'harmless' in harmless and 'stand-in' in picture_categories",
    ],
)
def test_what_agencies_ask_can_be_asked(text: str) -> None:
    assert Expression(text).holds(facts())
    Expression(text).holds(facts(EMPTY))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the expression is empty"),
        ("rsik > 0.5", "at 1: nothing is called 'rsik'; is risk meant?"),
        ("risk > 0.5 and hots == 'a'", "at 16: nothing is called 'hots'; is host meant?"),
        ("host.lenght > 3", "at 6: there is no .lenght; is length meant?"),
        ("host == 'a' and risk > 'a'", "at 17: in \"risk > 'a'\" the kinds do not go together; risk is a number"),
        ("age_hours < 24", "at 1: in 'age_hours < 24' the kinds do not go together; age_hours is a num"),
        ("risk >", "at 7: the end was not expected here"),
        ("(risk > 0.5", "at 12: the end was not expected here"),
        ("risk > 0.5)", "at 11: ')' was not expected here"),
        ("risk", "at 1: the whole is a number, not true or false: compare it"),
        ("risk and flagged", "a number and a true or false are never the same"),
        ("not risk", "a number and a true or false are never the same"),
        ("host == 3", "a text and a number are never the same"),
        ("3 in banks", "a number and a text are never the same"),
        ("host == 'unclosed", "at 9: "),
        ("risk = 1", "at 6: '= 1' has no place in a rule"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_cure(text: str, said: str) -> None:
    with pytest.raises(RuleInvalid) as refused:
        Expression(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "host =~ '(a+)+b'",  # regular expressions, and with them endless ones
        "host =~~ 'a'",
        "host !~ 'a'",
        "9 ** 9 ** 9 > risk",
        "9 * * 9 > risk",
        "1 << 999999 > risk",
        "risk > 1e999999",
        "risk > 0x1f",
        "risk > inf",
        "risk > nan",
        "risk / 0 > 1",
        "risk % 0 > 1",
        "[x for x in banks].length > 1",
        "banks[0] == 'a'",
        "host[0] == 'a'",
        "'abc'[99] == 'a'",
        "['a'][99] == 'a'",
        "$now > 1",
        "$range(99999999).length > 1",
        "host.__class__ == 'a'",
        "host.encode('zlib').length > 1",
        "risk.ceiling > 1",
        "b'a' == host",
        "d'2026-01-01' == host",
        "s'a' == host",
        "flagged()",
        "(flagged)(1)",
        "flagged # a comment",
        "flagged if flagged",
        "flagged ? flagged : flagged",
        "{'a'} == banks",
        "host == 'a\\'b'",
        "host == 'a\nb'",
        "risk > 1234567890",
        "risk > 1.2.3",
        "risk > 3risk",
        "ｒｉｓｋ > 1",
        "risk > ١",
        "(" * 400 + "flagged" + ")" * 400,
        "not " * 300 + "flagged",
        "flagged or " * 200 + "flagged",
        "flagged " + " " * LONGEST,
        "flagged\x00",
        "flagged\r",
    ],
)
def test_nothing_that_runs_long_or_reaches_out_is_let_in(text: str) -> None:
    with pytest.raises(RuleInvalid):
        Expression(text)


def test_the_longest_and_deepest_rules_are_evaluated() -> None:
    assert Expression("not " * 198 + "flagged").holds(facts())
    assert Expression("(" * 99 + "flagged" + ")" * 99).holds(facts())
    assert not Expression(" and ".join(["risk > 2"] * 50)).holds(facts())


WORDS = [
    *"()[].,+-*<>$#~",
    "??",
    "==",
    "!=",
    "<=",
    "and",
    "or",
    "not",
    "in",
    "null",
    ".length",
    "0.5",
    "'a'",
    "inf",
    "for",
]
ANYTHING = st.lists(st.sampled_from([*FACTS, *WORDS]), max_size=12).map(" ".join) | st.text(max_size=30)


@given(ANYTHING)
def test_any_text_is_refused_or_evaluates_whatever_the_finding_holds(text: str) -> None:
    try:
        expression = Expression(text)
    except RuleInvalid:
        return
    for signals in (FULL, EMPTY):
        assert expression.holds(facts(signals)) in (True, False)


def test_every_fact_is_of_its_kind() -> None:
    for signals in (FULL, EMPTY):
        for name, value in facts(signals).items():
            text = f"({name} ?? 0) >= 0" if value is None else f"{name} == {name}"
            assert Expression(text).holds(facts(signals)), name
    assert set(facts()) == set(KINDS)


# --- effects


def test_a_rule_that_holds_changes_and_says_so() -> None:
    changed = apply([("watch 3", Effect(raise_to=0.8, set_category="escalated", add_urgency=0.5))], judgement(), POLICY)
    assert (changed.flagged, changed.category, changed.risk.score) == (True, "escalated", 0.8)
    assert changed.urgency.score == changed.urgency.components["rules"] == 0.5
    assert (
        changed.reasons[-1].text == "Rule watch 3 of the agency: set_category escalated, raise_to 0.8, add_urgency 0.5."
    )


def test_no_rule_changes_nothing() -> None:
    assert apply([], judgement(), POLICY) == judgement()


@pytest.mark.parametrize(
    ("effects", "flagged", "risk"),
    [
        ([Effect(flag=True)], True, 0.4),
        ([Effect(suppress=True)], False, 0.4),
        ([Effect(flag=True), Effect(suppress=True)], True, 0.4),
        ([Effect(raise_to=0.6), Effect(lower_to=0.1)], True, 0.6),
        ([Effect(lower_to=0.1)], False, 0.1),
        ([Effect(raise_to=0.6), Effect(suppress=True)], False, 0.6),
        ([Effect(raise_to=0.3)], False, 0.4),
        ([Effect(lower_to=0.9)], False, 0.4),
    ],
)
def test_what_protects_wins_in_any_order(effects: list[Effect], flagged: bool, risk: float) -> None:
    named = [(f"r{place}", effect) for place, effect in enumerate(effects)]
    for order in (named, named[::-1]):
        changed = apply(order, judgement(), POLICY)
        assert (changed.flagged, changed.risk.score) == (flagged, risk)


def test_another_category_has_its_own_threshold() -> None:
    policy = Policy(flag_from_by_category={"lenient": 0.9})
    assert judgement(0.6).flagged
    assert not apply([("r", Effect(set_category="lenient"))], judgement(0.6), policy).flagged


# --- a rule as it is written

TOML = """
name = "phone-beside-match"
when = "known > 0.3 and 'phone' in personal"
note = "a stand-in"

[then]
flag = true
add_urgency = 0.3

[[tests]]
says = "a weak match beside a phone number"
given = { known = 0.4, personal = ["phone", "name"] }
applies = true

[[tests]]
says = "no number"
given = { known = 0.4 }
applies = false
"""


def test_a_rule_is_read_with_its_tests() -> None:
    rule = Rule.from_toml(TOML)
    assert (rule.then, len(rule.tests)) == (Effect(flag=True, add_urgency=0.3), 2)
    assert failing(Expression(rule.when), rule.tests) == []


def test_the_rule_of_the_readme_is_one() -> None:
    shown = re.search(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    assert shown
    rule = Rule.from_toml(shown[1])
    assert failing(Expression(rule.when), rule.tests) == []


def test_tests_that_fail_say_which_and_how() -> None:
    tests = (
        RuleTest(says="one", given={"risk": 0.9}, applies=False),
        RuleTest(says="two", applies=True),
        RuleTest(says="three", given={"age_hours": 2}, applies=False),
    )
    assert failing(Expression("risk > 0.5 or (age_hours ?? 99) < 1"), tests) == [
        "'one': the rule applies",
        "'two': the rule does not apply",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("phone-beside-match", "Phone Rule", "name: String should match pattern"),
        ('"phone-beside-match"', '"policy"', "name: 'policy' is taken"),
        ("flag = true\nadd_urgency = 0.3", "", "then: it does nothing; give one of set_category"),
        ("flag = true", "flag = true\nsuppress = true", "then: flag and suppress at once"),
        ("add_urgency = 0.3", "add_urgency = 3", "then.add_urgency: Input should be less than or equal to 1"),
        ("flag = true", "mail = 'x'", "then.mail: Extra inputs"),
        ("known = 0.4, ", "knwon = 0.4, ", "tests.0.given: nothing is called 'knwon'"),
        ("known = 0.4, ", "known = 'high', ", "tests.0.given: known is a number, not 'high'"),
        ('personal = ["phone", "name"]', "personal = 3", "tests.0.given: personal is a set of texts, not 3"),
        ("[then]", "[then", "the rule is no TOML"),
        ("when = ", "wenn = ", "when: Field required"),
    ],
)
def test_a_wrong_rule_is_named(old: str, new: str, said: str) -> None:
    assert old in TOML
    with pytest.raises(RulesInvalid) as refused:
        Rule.from_toml(TOML.replace(old, new, 1))
    assert said in str(refused.value)
