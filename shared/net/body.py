"""The body of an answer, unpacked and within its limit, or the name of what is wrong with it (pure).

Unpacked when it is there: packed and unpacked body are both in memory, each within the limit.
"""

from shared.net.asked import Answer, Asked
from shared.net.decoding import Undecodable, codings_of, unpack
from shared.net.failures import Fault, FetchFailed

BOMB = 100  # times larger when unpacked: pages reach 20, logs and tables 50, bombs 1,000 and more
# Packed so that browsers show what came, though its end is missing: to refuse it would be a way to hide from us.
SHOWN_WITHOUT_END = frozenset({"gzip", "x-gzip", "deflate"})


def body_of(answer: Answer, asked: Asked) -> tuple[bytes, bool]:
    """At most `asked.limit` bytes, and whether there should be more. Raises `FetchFailed`."""
    try:
        codings = codings_of([value for name, value in answer.headers if name.lower() == "content-encoding"])
        if not codings or not answer.body:
            body, whole = answer.body, True
        else:
            body, whole = unpack(answer.body, codings, asked.limit + 1)
        over = not answer.ended or len(body) > asked.limit
        if over and codings:
            _refuse_bomb(answer.body, codings, asked)
    except Undecodable as error:
        raise FetchFailed(f"{asked.url}: the body cannot be unpacked: {error}", Fault.ENCODING) from error
    if over and asked.whole:
        raise FetchFailed(f"{asked.url}: the body is larger than {asked.limit} bytes", Fault.TOO_LARGE)
    if not over and not whole and not (body and SHOWN_WITHOUT_END.issuperset(codings)):
        raise FetchFailed(f"{asked.url}: the packed body lacks its end", Fault.TRUNCATED)
    return body[: asked.limit], over or not whole


def _refuse_bomb(packed: bytes, codings: list[str], asked: Asked) -> None:
    """A bomb is told by its beginning: so little of it already unpacks beyond the limit. It is not cut but refused."""
    beginning = packed[: asked.limit // BOMB]
    if beginning and len(unpack(beginning, codings, asked.limit + 1)[0]) > asked.limit:
        what = f"the body is larger than {asked.limit} bytes as soon as {len(beginning)} of it are unpacked"
        raise FetchFailed(f"{asked.url}: {what}: a bomb", Fault.BOMB)
