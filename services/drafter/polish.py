"""A local language model may say the free sentence of a notice more smoothly; what is locked it never sees.

Off unless `HAETAE_POLISH_URL` is set. The port is `Polish`; the one implementation asks a server on the agency's own
machines that speaks the chat-completions protocol (llama.cpp, vLLM, Ollama). Whatever goes wrong, the sentence stays as
a person wrote it.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from shared.text import UNSEEN

log = structlog.get_logger(__name__)

Polish = Callable[[Mapping[str, str]], Awaitable[Mapping[str, str]]]

LONGEST = 2.0  # times the sentence: a model that adds more has something of its own to say
MAX_ANSWER = 64 * 1024  # bytes
WHOLE_S = 30.0  # for all sentences of a case: half of what a member of a consumer group may be away
WISH = (
    "Rewrite the sentence so that it reads smoothly and courteously in the language with the code {language}. Keep its "
    "meaning exactly, add nothing, leave nothing out. Keep every token like [[1]] unchanged. Answer with the sentence "
    "alone."
)
# Numbers, articles and addresses: replaced by tokens before the model reads the sentence.
LOCKED = re.compile(r"https?://\S+|\S+@\S+|\d[\d./:-]*")
TOKEN = re.compile(r"\[\[(\d+)\]\]")


def masked(sentence: str) -> tuple[str, tuple[str, ...]]:
    """The sentence with `[[1]]`, `[[2]]`, … for what is locked, and what they stand for."""
    spans = tuple(LOCKED.findall(sentence))
    numbers = iter(range(1, len(spans) + 1))
    return LOCKED.sub(lambda _: f"[[{next(numbers)}]]", sentence), spans


def unmasked(answer: str, spans: Sequence[str], sentence: str) -> str | None:
    """The answer with the locked words back in; None unless each token is there once, and nothing that was not."""
    answer = answer.strip()
    if [int(number) for number in TOKEN.findall(answer)] != list(range(1, len(spans) + 1)):
        return None
    free = TOKEN.sub("", answer)
    if not answer or len(answer.splitlines()) != 1 or LOCKED.search(free) or len(answer) > LONGEST * len(sentence):
        return None
    if any(unicodedata.category(character) in UNSEEN for character in answer):
        return None
    return TOKEN.sub(lambda token: spans[int(token[1]) - 1], answer)


async def unchanged(words: Mapping[str, str]) -> Mapping[str, str]:
    """No model."""
    return {}


@dataclass(frozen=True)
class ChatModel:
    """`url`: of the server, up to `/v1`. `timeout_s`: for one sentence."""

    url: str
    model: str
    timeout_s: float

    async def __call__(self, words: Mapping[str, str]) -> Mapping[str, str]:
        """By language: the sentences that could be said better, as far as the time allows."""
        clock = asyncio.get_running_loop().time
        end = clock() + WHOLE_S
        async with httpx.AsyncClient(timeout=self.timeout_s, follow_redirects=False, trust_env=False) as client:
            found = {
                language: await self._one(client, language, sentence, min(self.timeout_s, end - clock()))
                for language, sentence in words.items()
                if clock() < end
            }
        return {language: better for language, better in found.items() if better}

    async def _one(self, client: httpx.AsyncClient, language: str, sentence: str, seconds: float) -> str | None:
        hidden, spans = masked(sentence)
        asked = {
            "model": self.model,
            "temperature": 0,
            "messages": [
                {"role": "system", "content": WISH.format(language=language)},
                {"role": "user", "content": hidden},
            ],
        }
        try:
            async with asyncio.timeout(seconds):
                better = unmasked(await self._said(client, asked), spans, sentence)
        except (httpx.HTTPError, TimeoutError, ValueError, LookupError, TypeError, RecursionError) as error:
            log.warning("the language model did not answer", language=language, error=type(error).__name__)
            return None
        if better is None:
            log.warning("the language model's sentence is not used: it changed what is locked", language=language)
        return better

    async def _said(self, client: httpx.AsyncClient, asked: Mapping[str, Any]) -> str:
        text = bytearray()
        async with client.stream("POST", f"{self.url.rstrip('/')}/chat/completions", json=asked) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                text += part
                if len(text) > MAX_ANSWER:
                    raise ValueError("too long")
        told: Any = json.loads(text)
        return str(told["choices"][0]["message"]["content"])
