"""What an answer says itself (pure): our own notice, quoted in it, must not speak for the recipient."""

import re
import unicodedata

QUOTED = re.compile(r"^\s{0,3}[>|]")
# From here on only what was answered to follows. As mail programs write it; the bars of Outlook and Korean webmail.
BELOW = re.compile(
    r"^\s*(?:-{2,}\s?(?:original message|forwarded message|원본 메일|원본 메시지|원본메일|元のメッセージ|原始邮件|"
    r"原始郵件|исходное сообщение|mensaje original)|_{10,}$|on .{5,120} wrote:$|"
    r".{0,120}(?:님이 작성|님이 쓴|のメール[:：]|写道[:：]|寫道[:：]|пишет:|đã viết:|escribió:|เขียนว่า))",
    re.IGNORECASE,
)
LEAST = 8  # letters: a shorter line ("Hello,") is nobody's own
MAX_LINES = 3_000
MAX_LINE = 300  # characters in which a line is looked for from which on all is quoted


def own_words(text: str, notice: str = "") -> str:
    """Without quotes; `notice`: the text that was answered, whose lines are dropped however they are set."""
    ours, kept = _bare(notice), []
    lines = text.split("\n")[:MAX_LINES]
    for number, line in enumerate(lines):
        if QUOTED.match(line):
            continue
        if BELOW.match(line[:MAX_LINE]):
            if QUOTED.match(next((one for one in lines[number + 1 :] if one.strip()), "")):
                continue  # what is quoted is marked line by line: the answer may stand below it
            break
        bare = _bare(line)
        if len(bare) >= LEAST and bare in ours:
            continue
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _bare(text: str) -> str:
    """Letters and digits alone: wrapping, bullets and quoting marks do not matter."""
    return "".join(c for c in unicodedata.normalize("NFC", text).casefold() if c.isalnum())
