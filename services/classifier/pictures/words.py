"""A picture's bytes → the words in it, by tesseract (hostile input: for guarded children)."""

import os
import re
import warnings
from functools import lru_cache

os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # read when tesseract is loaded; a guarded child may start no thread

import tesserocr
from PIL import Image

from services.classifier.pictures.decoding import TOO_LARGE, on_white
from shared.prints.opening import MAX_PIXELS, opened

# Letters of 20 to 40 pixels are read best ("Improving the quality of the output", tesseract's manual): a post's
# screenshot has them as it is, a large photograph when it is made smaller, and is read in a tenth of the time.
LONGEST_SIDE = 1600
SURE = 65  # percent that a line must have: most of what tesseract sees in leaves and cloth has less
MOST_CHARACTERS = 4_000
# It sets Chinese and Japanese with blanks between the letters, which these scripts do not have.
SPACED = re.compile(r"(?<=[\u3040-\u30ff\u3400-\u9fff]) (?=[\u3040-\u30ff\u3400-\u9fff])")
MOST_ENGINES = 4  # kept, one for each choice of languages: 20 to 60 MB each


def read_words(body: bytes, folder: str, languages: str) -> str:
    """`folder`: of *.traineddata; `languages`: their names joined by +. Lines, "" where there are none. Raises
    `RuntimeError` when the folder's data cannot be used, `OSError` and others for what the bytes are."""
    engine = _engine(folder, languages)
    engine.SetImage(_page(body))
    engine.Recognize()
    return SPACED.sub("", "\n".join(_lines(engine)))[:MOST_CHARACTERS]


def _page(body: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with opened(body, lenient=True) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(TOO_LARGE)
            image.draft("L", (LONGEST_SIDE, LONGEST_SIDE))
            page = (on_white(image) if image.has_transparency_data else image).convert("L")
    page.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return page


def _lines(engine: "tesserocr.PyTessBaseAPI") -> list[str]:
    level = tesserocr.RIL.TEXTLINE
    found = engine.GetIterator()
    if found is None:
        return []
    return [
        text
        for line in tesserocr.iterate_level(found, level)
        if not line.Empty(level) and line.Confidence(level) >= SURE and (text := line.GetUTF8Text(level).strip())
    ]


@lru_cache(MOST_ENGINES)
def _engine(folder: str, languages: str) -> "tesserocr.PyTessBaseAPI":
    # Sparse: words wherever they stand. To look for columns tears a caption apart (in Korean nine letters of ten were
    # lost), to take the picture for one block makes eight seconds' work of a noisy photograph.
    return tesserocr.PyTessBaseAPI(path=folder, lang=languages, psm=tesserocr.PSM.SPARSE_TEXT)
