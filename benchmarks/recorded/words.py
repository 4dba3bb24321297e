"""Figures as people read them. Pure."""

MINUTE_S = 60
SHORT_S = 90


def number(value: float | None) -> str:
    """Three digits that count, and thousands apart."""
    if value is None:
        return ""
    if round(abs(value)) >= 1000:
        digits = len(str(round(abs(value)))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:.3g}"


def lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < SHORT_S else f"{seconds / MINUTE_S:.0f} min"


def times(ratio: float | None, than: str) -> str:
    return "" if ratio is None else f"{number(ratio)} × {than}"


def cell(text: str) -> str:
    """What must not end a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def named(name: str) -> str:
    """`one_process` as words."""
    return name.replace("_", " ")
