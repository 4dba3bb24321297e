"""The tests' own name server."""

import socket

from tests.support.name_server import A, name_server, wire_name

QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + wire_name("flips.test") + A.to_bytes(2) + b"\0\1"


async def test_the_same_question_has_the_same_answer_however_busy_the_loop_is() -> None:
    async with name_server() as server:
        server.records["flips.test"] = 0, ["11.88.0.1"]
        host, _, port = server.at.rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)  # the loop stands still meanwhile
            said = []
            for address in ("11.88.0.1", "127.0.0.1"):
                server.records["flips.test"] = 0, [address]
                asking.sendto(QUESTION, (host, int(port)))
                said.append(asking.recv(512))
    assert said[0] == said[1]
    assert said[0].endswith(socket.inet_aton("11.88.0.1"))
    assert server.times("flips.test") == 2
