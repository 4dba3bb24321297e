"""The language of rules: rule-engine's, of which only what ends soon and reaches nothing is let in.

Values are compared, added, looked for in sets and joined by `and`, `or`, `not`. No regular expression, no power, no
loop, no index, no built-in: an expression takes microseconds, whatever the finding holds.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import rule_engine
from rule_engine import DataType, ast, errors

from services.classifier.risk.facts import FACTS, KINDS, MAYBE, YES, kind_name
from shared.failures import Rejected

LONGEST = 1_000  # characters: a dozen lines; what is longer is two rules
MOST_TOKENS = 200  # the engine recurses some three frames deep a token at worst, Python lets it a thousand
WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})
TESTS = frozenset({"length", "is_empty", "starts_with", "ends_with", "as_lower"})
_TOKEN = re.compile(
    r"""(?P<blank>[ \t\n]+)|(?P<text>'[^'\\\n]*'|"[^"\\\n]*")|(?P<number>\d{1,9}(?:\.\d{1,9})?(?![\w.]))"""
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>==|!=|>=|<=|\?\?|[><+*()\[\],.-])",
    re.ASCII,
)
_VALUES = ("text", "number", "name")


class RuleInvalid(Rejected):
    """The expression is refused. The message names the place (characters from 1), what is wrong, and the cure."""


class _Token(NamedTuple):
    kind: str
    said: str
    place: int


class Expression:
    """Compiled once, evaluated for each finding; safe in several threads."""

    def __init__(self, text: str) -> None:
        """Raises `RuleInvalid`."""
        self.text = text
        tokens = _checked(text)
        context = rule_engine.Context(type_resolver=KINDS, default_timezone="utc", mapping_attribute_lookup=False)
        try:
            self._rule = rule_engine.Rule(text, context)
        except errors.EngineError as error:
            raise _refused(error, text, tokens) from error
        except RecursionError as error:
            raise RuleInvalid("the expression is nested too deeply: make two rules of it") from error
        _check_kinds(self._rule.statement.expression)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """`facts`: of `facts_of`. Whatever it raises is the rule's failure."""
        return bool(self._rule.matches(facts))


def _checked(text: str) -> list[_Token]:
    if not text.strip():
        raise RuleInvalid(
            "the expression is empty: say when the rule holds, such as: risk > 0.3 and 'phone' in personal"
        )
    if len(text) > LONGEST:
        raise RuleInvalid(f"the expression has {len(text)} characters, at most {LONGEST}: make two rules of it")
    tokens = list(_tokens(text))
    if len(tokens) > MOST_TOKENS:
        raise RuleInvalid(f"the expression has {len(tokens)} words, at most {MOST_TOKENS}: make two rules of it")
    for before, token in zip([None, *tokens], tokens, strict=False):
        _check_token(before, token)
    return tokens


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise RuleInvalid(
                f"at {place + 1}: {text[place : place + 12]!r} has no place in a rule; texts stand in quotes without"
                " backslashes, numbers have at most nine digits, and there are == != > >= < <= + - * ?? in and or not"
            )
        if found.lastgroup != "blank":
            yield _Token(str(found.lastgroup), found.group(), place)
        place = found.end()


def _check_token(before: _Token | None, token: _Token) -> None:
    """What the engine would take and we do not."""
    here = f"at {token.place + 1}"
    after_value = before is not None and ((before.kind in _VALUES and before.said not in WORDS) or before.said in ")]")
    if token.said == "[" and after_value:
        raise RuleInvalid(f"{here}: nothing can be taken out by number; ask with `in`: 'phone' in personal")
    if token.said == "(" and after_value and before is not None and before.said not in TESTS:
        raise RuleInvalid(f"{here}: {before.said} is no function; the tests are .{', .'.join(sorted(TESTS))}")
    if before is not None and before.said in ("*", "<", ">") and token.said[0] in "*<>":
        raise RuleInvalid(f"{here}: there is no {before.said}{token.said}, neither power nor shifting")
    if token.kind == "text" and before is not None and before.kind == "name" and before.said not in WORDS:
        raise RuleInvalid(f"{here}: a text stands alone, without a letter before it")
    if token.kind != "name" or token.said in WORDS:
        return
    if before is not None and before.said == ".":
        if token.said not in TESTS:
            raise RuleInvalid(f"{here}: there is no .{token.said}; {_nearest(token.said, TESTS)}")
    elif token.said not in FACTS:
        raise RuleInvalid(f"{here}: nothing is called {token.said!r}; {_nearest(token.said, FACTS)}")


def _nearest(word: str, known: Any) -> str:  # noqa: ANN401  # any collection of words
    close = get_close_matches(word, known, 1)
    return f"is {close[0]} meant?" if close else f"give one of {', '.join(sorted(known))}"


def _refused(error: errors.EngineError, text: str, tokens: list[_Token]) -> RuleInvalid:
    if isinstance(error, errors.RuleSyntaxError):
        place = len(text) if error.token is None else error.token.lexpos
        said = "the end" if error.token is None else repr(str(error.token.value))
        return RuleInvalid(f"at {place + 1}: {said} was not expected here; see the examples in the README")
    start, end = _smallest_wrong(error, text, tokens)
    part = text[start:end]
    names = dict.fromkeys(token.said for token in tokens if start <= token.place < end and token.said in FACTS)
    why = "".join(f"; {name} is a {kind_name(FACTS[name].kind)}" for name in names)
    maybe = [name for name in names if FACTS[name].kind == MAYBE]
    cure = f": say what null counts as, such as ({maybe[0]} ?? 0)" if maybe else ""
    return RuleInvalid(f"at {start + 1}: in {part!r} the kinds do not go together{why}{cure}")


_WIDEST = 9  # tokens: a comparison of two sums


def _smallest_wrong(error: errors.EngineError, text: str, tokens: list[_Token]) -> tuple[int, int]:
    """The engine does not say where kinds disagree: the shortest run of tokens that fails in the same way does."""
    for width in range(2, min(_WIDEST, len(tokens)) + 1):
        for first in range(len(tokens) - width + 1):
            last = tokens[first + width - 1]
            start, end = tokens[first].place, last.place + len(last.said)
            try:
                rule_engine.Rule(
                    text[start:end], rule_engine.Context(type_resolver=KINDS, mapping_attribute_lookup=False)
                )
            except errors.EngineError as found:
                if type(found) is type(error) and found.message == error.message:
                    return start, end
    return 0, len(text)


def _check_kinds(expression: Any) -> None:  # noqa: ANN401  # rule-engine is untyped here
    """The engine takes `host == 3` and `3 in banks`, which never hold, and any value for true or false."""
    if expression.result_type != YES:
        raise RuleInvalid(f"at 1: the whole is a {kind_name(expression.result_type)}, not true or false: compare it")
    for node in _nodes(expression):
        if type(node) is ast.ComparisonExpression:
            _check_same(node.left.result_type, node.right.result_type)
        elif isinstance(node, ast.ContainsExpression):
            held = getattr(node.container.result_type, "value_type", node.container.result_type)
            _check_same(node.member.result_type, held)
        elif isinstance(node, ast.LogicExpression):
            _check_same(node.left.result_type, YES)
            _check_same(node.right.result_type, YES)
        elif isinstance(node, ast.UnaryExpression) and node.type == "not":
            _check_same(node.right.result_type, YES)


def _check_same(left: Any, right: Any) -> None:  # noqa: ANN401  # rule-engine is untyped here
    if not (DataType.is_compatible(left, right) or DataType.is_compatible(right, left)):
        raise RuleInvalid(f"a {kind_name(left)} and a {kind_name(right)} are never the same: compare like with like")


def _nodes(node: Any) -> Iterator[Any]:  # noqa: ANN401  # rule-engine is untyped here
    yield node
    for part in vars(node).values():
        for one in part if isinstance(part, list | tuple) else (part,):
            if isinstance(one, ast.ExpressionBase):
                yield from _nodes(one)
