from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sandbox.mailbox import Address, mail_of, parse_address, urls_in

PATHS = st.from_regex(r"(/[a-z0-9-]{1,8}){0,3}(\?[a-z]{1,4}=[a-z0-9]{1,4})?", fullmatch=True)
HOSTS = st.from_regex(r"[a-z]{1,8}-(board|chat)\.(ko|en)\.test", fullmatch=True)
URLS = st.builds(lambda host, port, path: f"http://{host}:{port}{path}", HOSTS, st.integers(1, 65535), PATHS)
# What writers put around an address; none of it belongs to one.
BEFORE = st.sampled_from(["", " ", "<", "(", "[", '"', "「", "주소: ", "→", "\n> ", "URL="])
AFTER = st.sampled_from(["", " ", ">", ")", "]", '"', "」", ".", ", ", "을 내려 주세요", "。", "\r\n", "!", ").", ">,"])


@given(st.lists(st.tuples(BEFORE, URLS, AFTER), max_size=6))
def test_every_address_is_found_whatever_stands_around_it(parts: list[tuple[str, str, str]]) -> None:
    text = "안녕하세요.\n" + "\n".join(before + url + after for before, url, after in parts)
    assert urls_in(text) == list(dict.fromkeys(url for _, url, _ in parts))


@given(URLS)
def test_defanged_addresses_are_repaired(url: str) -> None:
    defanged = url.replace("http:", "hxxp[:]").replace(".", "[.]")
    assert urls_in(f"see {defanged} please") == [url]


@given(st.text())
@example("http://[::1/x https://[]:99999999/ hxxp[:]//")
@example("http://a:b:c/")
def test_no_text_breaks_the_reader(text: str) -> None:
    for url in [text, *urls_in(text)]:
        parse_address(url)


def test_brackets_inside_an_address_stay() -> None:
    assert urls_in("(http://a.test/x_(1))") == ["http://a.test/x_(1)"]


def test_address_has_a_port_and_no_fragment() -> None:
    assert parse_address("HTTP://Maple.Test:8080/post/1?view=print#top") == Address(
        "maple.test", 8080, "/post/1?view=print"
    )
    assert parse_address("https://maple.test") == Address("maple.test", 443, "/")
    assert parse_address("http:///x") is None


def test_mail_counts_for_the_mailbox_it_lies_in() -> None:
    raw = {"id": "4", "rcpt": "Abuse@maple.test", "to": "Other <o@b.test>", "subject": "S", "body": "B"}
    mail = mail_of(raw)
    assert mail is not None
    assert (mail.recipients, mail.text) == (("abuse@maple.test",), "S\nB")
    without = mail_of({"id": 5, "to": ["Team <abuse@a.test>, b@b.test"]})
    assert without is not None
    assert without.recipients == ("abuse@a.test", "b@b.test")
    assert mail_of({"body": "no id"}) is None
