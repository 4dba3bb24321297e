"""Whoever may try again and again learns nothing from how long a comparison took."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("shared", "services", "haetae", "deploy/local")
SECRET = re.compile(
    r"(^|_)(tokens?|secrets?|signature|hmac|mac|passwords?|pin|seal|proof|csrf)(_|$)|_hash$|^digest\(\)$"
)
# Compared with `==` all the same: nobody guesses at these, they are no secrets.
PUBLIC = {
    "services/classifier/texts/lexicon/folder.py": "when files were written",
    "services/crawler/connectors/lawful.py": "the name of a document",
    "services/evidence/seal/calendars.py": "a public proof, which grew",
    "services/gateway/sessions.py": "two rows of one account, which nobody outside gave",
    "services/gateway/tree/examining.py": "the chain of lines that anybody may check",
}


def comparisons() -> Iterator[tuple[str, ast.Compare]]:
    for part in CODE:
        for path in sorted((ROOT / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                    yield str(path.relative_to(ROOT)), node


def name_of(node: ast.expr) -> str:
    """The last name of what is compared; of a column none, because looking a digest up in a table compares nothing."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name(of), name):
            return "" if of[0].isupper() else name
        case ast.Attribute(_, name):
            return name
        case ast.Call(ast.Name(name)):
            return f"{name}()" if name == "digest" else name
        case ast.Call(ast.Attribute(ast.Call(ast.Attribute(ast.Name("hmac"))), "hexdigest" | "digest")):
            return "hmac"
        case ast.Call(ast.Attribute(_, "get"), [ast.Constant(str(name)), *_]) | ast.Subscript(
            _, ast.Constant(str(name))
        ):
            return name
    return ""


def plain() -> dict[str, list[str]]:
    """Comparisons of what is named like a secret, by file; not those with a column or a constant."""
    found: dict[str, list[str]] = {}
    for path, node in comparisons():
        sides = (node.left, node.comparators[0])
        columns = [one for one in sides if isinstance(one, ast.Attribute) and not name_of(one)]
        told = columns or any(isinstance(one, ast.Constant) for one in sides)
        if not told and any(SECRET.search(name_of(one)) for one in sides):
            found.setdefault(path, []).append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def test_what_is_secret_is_compared_in_constant_time():
    assert {path: lines for path, lines in plain().items() if path not in PUBLIC} == {}


def test_what_is_compared_plainly_still_is():
    """The list names nothing that is gone: an entry would hide the next one in its file."""
    assert set(PUBLIC) - set(plain()) == set()


def test_texts_of_strangers_are_compared_as_bytes():
    """`compare_digest` raises for letters beyond ASCII; `same` of the gateway does not."""
    calls = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "services").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    }
    assert {call.partition(":")[0] for call in calls} == {"services/gateway/tokens.py"}, calls
