"""The tags of a template: known placeholders only, unchanged, and addresses where they stand alone."""

from collections.abc import Iterator
from difflib import get_close_matches

from jinja2 import nodes

from services.drafter.lint.faults import Fault
from services.drafter.lint.known import ADDRESSES, FUNCTIONS, PLACEHOLDERS, PROOFS

LOCATION = "location"
# An included file has the fields of those that include it.
PARTS = ("pictures.txt",)
TOO_MUCH = (
    *(nodes.Macro, nodes.Import, nodes.FromImport, nodes.Assign, nodes.AssignBlock, nodes.FilterBlock),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Pow, nodes.Div, nodes.Mod),
)


def tagged(file: str, source: str, tree: nodes.Template) -> Iterator[Fault]:
    lines = source.split("\n")
    located = {id(node) for call in _fields(tree) if _field(call) == LOCATION for node in call.find_all(nodes.Getattr)}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in PLACEHOLDERS and name.name not in FUNCTIONS:
            yield Fault(file, name.lineno, f"there is no placeholder `{name.name}`", _nearest(name.name))
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        yield from _attribute(file, node)
        if _dotted(node) in ADDRESSES:
            if lines[node.lineno - 1].strip() not in {f"{{{{ {dotted} }}}}" for dotted in ADDRESSES}:
                yield Fault(file, node.lineno, "an address is not alone on its line", "give it a line of its own")
            if id(node) not in located and file not in PARTS:
                yield Fault(file, node.lineno, "an address is not locked", 'put it within {% call field("location") %}')
    for changed in tree.find_all(nodes.Filter):
        yield Fault(file, changed.lineno, f"the filter `{changed.name}` changes a value", "print it as it is")
    for more in tree.find_all(TOO_MUCH):
        yield Fault(file, more.lineno, "values are made here", "use include, extends, block, if and for alone")
    for call in tree.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in FUNCTIONS:
            yield Fault(file, call.lineno, "something is called", "only field(…) and super() may be")
    for block in _fields(tree):
        if _field(block) not in PROOFS:
            known = ", ".join(PROOFS)
            yield Fault(file, block.lineno, f"there is no field `{_field(block)}`", f"the fields are {known}")


def line_of(field: str, tree: nodes.Template) -> int | None:
    return next((block.lineno for block in _fields(tree) if _field(block) == field), None)


def _fields(tree: nodes.Template) -> Iterator[nodes.CallBlock]:
    return tree.find_all(nodes.CallBlock)


def _field(block: nodes.CallBlock) -> str:
    first = block.call.args[0] if isinstance(block.call, nodes.Call) and block.call.args else None
    return str(first.value) if isinstance(first, nodes.Const) else ""


def _attribute(file: str, node: nodes.Expr) -> Iterator[Fault]:
    dotted = _dotted(node)
    root, _, attribute = dotted.partition(".")
    if root in PLACEHOLDERS and attribute not in PLACEHOLDERS[root]:
        allowed = ", ".join(f"{root}.{one}" for one in sorted(PLACEHOLDERS[root])) or root
        yield Fault(file, node.lineno, f"`{dotted}` may not be printed", f"there is {allowed}")


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{_dotted(node.node)}.[…]"
    return node.name if isinstance(node, nodes.Name) else "…"


def _nearest(name: str) -> str:
    near = get_close_matches(name, PLACEHOLDERS, n=1)
    return f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(PLACEHOLDERS))}"
