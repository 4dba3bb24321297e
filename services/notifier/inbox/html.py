"""An answer in HTML as the text that its reader sees, without what it quotes."""

from turbohtml import parse

# How mail programs mark what they quote: it is our own notice, and must not speak for the answer.
QUOTES = "blockquote, .gmail_quote, .yahoo_quoted, .moz-cite-prefix, #divRplyFwdMsg, .protonmail_quote"
UNSEEN = "script, style, head, template, title"
MAX_HTML = 200_000  # characters
MAX_TAGS = 20_000  # of a mail: nothing that a person wrote has as many


def plain(html: str) -> str:
    """Empty when there is too much markup to be an answer."""
    html = html[:MAX_HTML]
    if html.count("<") > MAX_TAGS:
        return ""
    page = parse(html)
    for element in page.select(f"{QUOTES}, {UNSEEN}"):
        element.decompose()
    return page.to_text()
