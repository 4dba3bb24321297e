"""An answer in HTML as the text that its reader sees, without what it quotes."""

from turbohtml import parse

# How mail programs mark what they quote: it is our own notice, and must not speak for the answer.
QUOTES = "blockquote, .gmail_quote, .yahoo_quoted, .moz-cite-prefix, #divRplyFwdMsg, .protonmail_quote"
# What a reader does not see; programs that send mails hide a summary, or what only filters are to read.
UNSEEN = 'script, style, head, template, title, [hidden], [style*="display:none" i], [style*="display: none" i]'
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
