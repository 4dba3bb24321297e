"""What a browser calls itself (RFC 9110, 10.1.5), as a person would say it: "Firefox, Windows". Pure.

Only the names that most people use; whatever else there is stays as it was sent. It proves nothing: anybody sends what
they like, and browsers tell half the truth.
"""

# Each claims to be what stands further down as well, so that the first that is found counts.
BROWSERS = (
    ("Edg", "Edge"), ("Whale/", "Whale"), ("SamsungBrowser/", "Samsung Internet"), ("OPR/", "Opera"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def in_words(about: str) -> str:
    """Browser and system, or either; without both, `about` itself."""
    known = (_first(BROWSERS, about), _first(SYSTEMS, about))
    return ", ".join(name for name in known if name) or about


def _first(names: tuple[tuple[str, str], ...], about: str) -> str | None:
    return next((name for sign, name in names if sign in about), None)
