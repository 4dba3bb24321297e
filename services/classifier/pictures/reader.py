"""Words in pictures: which languages can be read, and reading them in guarded children."""

import io
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from PIL import Image

from services.classifier.pictures.loading import PictureModelUnusable
from services.classifier.pictures.words import read_words
from shared.guarded import Guarded, GuardKilled, GuardRaised

log = structlog.get_logger(__name__)

# ISO 639-1 → tesseract's data.
DATA = {"ko": "kor", "en": "eng", "zh": "chi_sim", "ja": "jpn", "ru": "rus", "vi": "vie", "th": "tha"}
CURE = "on Debian: apt-get install tesseract-ocr-kor …, then HAETAE_TESSDATA=/usr/share/tesseract-ocr/5/tessdata"
# A page of text takes a second or two; what takes longer is no text. Every language adds its time.
WORDS_S, WORDS_BYTES = 15.0, 1024 * 1024 * 1024


class WordReader:
    """A resource. Entering reads an empty picture in every language: data that cannot be used is named then."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._installed = [data for data in DATA.values() if (folder / f"{data}.traineddata").is_file()]
        self._read = Guarded(read_words, workers=workers, seconds=WORDS_S, memory_bytes=WORDS_BYTES)

    async def __aenter__(self) -> Self:
        if not self._installed:
            raise PictureModelUnusable(f"HAETAE_TESSDATA: {self._folder} has no data of a language we read; {CURE}")
        await self._read.__aenter__()
        blank = io.BytesIO()
        Image.new("L", (64, 64), 255).save(blank, "PNG")
        for data in self._installed:
            try:
                await self._read(blank.getvalue(), str(self._folder), data)
            except (GuardKilled, GuardRaised) as error:
                await self._read.__aexit__(None, None, None)
                raise PictureModelUnusable(
                    f"HAETAE_TESSDATA: {self._folder}/{data}.traineddata cannot be used ({error}); {CURE}"
                ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._read.__aexit__(kind, error, trace)

    async def read(self, body: bytes, language: str | None) -> str:
        """The words, "" where there are none or the picture cannot be read. `language`: of the page; English is read
        beside it, and all that are installed where it is not known."""
        try:
            return await self._read(body, str(self._folder), self._languages(language))
        except (GuardKilled, GuardRaised) as error:
            log.info("words of a picture not read", why=type(error).__name__)
            return ""

    def _languages(self, language: str | None) -> str:
        wanted = [DATA.get(language or "", ""), "eng"]
        chosen = [data for data in dict.fromkeys(wanted) if data in self._installed]
        return "+".join(chosen if wanted[0] in self._installed else self._installed)
