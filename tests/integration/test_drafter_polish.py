"""A language model on the agency's own machine may say a sentence better; what is locked it cannot touch."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.drafter.polish import ChatModel, masked, unmasked
from shared.web import serving

SENTENCE = "Pictures at https://a.test/1 agree with 14-2 on record since 2026."


async def without_end(pause_s: float = 0.0) -> AsyncIterator[bytes]:
    while True:
        yield b"x" if pause_s else b"x" * 4096
        await asyncio.sleep(pause_s)


@asynccontextmanager
async def model(answer, timeout_s: float = 2.0) -> AsyncIterator[ChatModel]:
    """A server of the chat-completions protocol that says `answer(sentence)`."""

    async def complete(request: Request) -> Response:
        asked = json.loads(await request.body())
        said = answer(asked["messages"][-1]["content"])
        if isinstance(said, Response):
            return said
        return JSONResponse({"choices": [{"message": {"role": "assistant", "content": said}}]})

    routes = [Route("/v1/chat/completions", complete, methods=["POST"])]
    async with serving(Starlette(routes=routes), "127.0.0.1", 0) as port:
        yield ChatModel(f"http://127.0.0.1:{port}/v1", "local", timeout_s)


async def test_the_model_sees_no_locked_word_and_they_come_back_unchanged():
    seen = []

    def smoother(sentence):
        seen.append(sentence)
        return sentence.replace("agree with", "are the same as")

    async with model(smoother) as polish:
        assert await polish({"en": SENTENCE}) == {"en": SENTENCE.replace("agree with", "are the same as")}
    assert "a.test" not in seen[0]
    assert "2026" not in seen[0]


@pytest.mark.parametrize(
    "answer",
    [
        lambda sentence: sentence.replace("[[1]]", "http://other.test/"),
        lambda sentence: sentence.replace("[[2]]", ""),
        lambda sentence: sentence + " [[1]]",
        lambda sentence: sentence + " Call 112.",
        lambda sentence: sentence + "\nMore.",
        lambda sentence: sentence * 3,
        lambda sentence: "",
        lambda sentence: sentence + "\u202e",
        lambda sentence: Response("busy", 503),
        lambda sentence: JSONResponse({"choices": []}),
        lambda sentence: Response("x" * 100_000),
        lambda sentence: Response("[" * 60_000),
        lambda sentence: StreamingResponse(without_end()),
        lambda sentence: StreamingResponse(without_end(pause_s=0.1)),  # each part in time, and never all of it
    ],
)
async def test_whatever_else_the_model_says_the_sentence_stays(answer):
    async with asyncio.timeout(10), model(answer, timeout_s=0.5) as polish:
        assert await polish({"en": SENTENCE}) == {}


async def test_a_slow_model_does_not_hold_up_a_case_for_each_language(monkeypatch):
    monkeypatch.setattr("services.drafter.polish.WHOLE_S", 0.3)
    asked = []

    def slow(sentence):
        asked.append(sentence)
        return StreamingResponse(without_end(pause_s=0.1))

    async with asyncio.timeout(5), model(slow, timeout_s=60) as polish:
        assert await polish({"en": SENTENCE, "ja": SENTENCE, "ko": SENTENCE}) == {}
    assert len(asked) == 1


async def test_without_a_server_the_sentence_stays():
    assert await ChatModel("http://127.0.0.1:9/v1", "local", 0.5)({"en": SENTENCE}) == {}


@given(st.text(max_size=200))
def test_an_unchanged_answer_gives_the_sentence_back_or_nothing(text):
    hidden, spans = masked(text)
    assert unmasked(hidden, spans, text) in (text.strip(), None)
