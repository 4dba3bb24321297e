"""How well texts are read: held-out stand-ins always, public topics in seven languages with `DATA=FOLDER`.

The stand-ins are sentences of the sandbox's grammar: their figures show that the path works, and say nothing of real
content. The topics (`sib200-7lang` in DATA, SIB-200, CC BY-SA 4.0: FOLDER/sib200-7lang/<language>/{train,dev,test}.tsv)
are real sentences: each topic is told from the other six, by models trained for it in the same way.
"""

from pathlib import Path

from benchmarks.classifying.text_figures import figures, of_peer, of_reader
from benchmarks.classifying.text_peers import PEERS
from benchmarks.classifying.topics import topics
from sandbox.training import examples
from services.classifier.texts.reader import TextReader
from shared.clock import SystemClock

MODELS = Path("var/models")
SIB = "sib200-7lang"
# Texts in each language. The model under test was trained on seed 1; the peers learn the same texts.
LEARNED, QUICK_LEARNED = 1_200, 150
HELD_OUT, QUICK_HELD_OUT = 150, 40
HELD_OUT_SEED = 5_000


def quality(quick: bool, data: Path | None) -> dict[str, object]:
    found: dict[str, object] = {"stand_in": _stand_in(quick)}
    if data and (data / SIB).is_dir():
        return found | {"topics": topics(quick, data / SIB, MODELS / "embedding")}
    return found | {"topics": f"give DATA=FOLDER with {SIB} in it for figures on real sentences"}


def _stand_in(quick: bool) -> dict[str, object]:
    embedding = MODELS / "embedding"
    has_head = (embedding / "head.safetensors").is_file()
    held_out = examples(HELD_OUT_SEED, QUICK_HELD_OUT if quick else HELD_OUT)
    learned = examples(1, QUICK_LEARNED if quick else LEARNED)
    readers = {"ngrams": TextReader.load(MODELS / "text", None, None, None, SystemClock())}
    if has_head:
        readers["ours"] = TextReader.load(MODELS / "text", None, embedding, None, SystemClock())
    compared = {
        **{name: figures(of_reader(reader), held_out) for name, reader in readers.items()},
        **{name: figures(of_peer(name, learned), held_out) for name in PEERS},
    }
    return {"texts": len(held_out)} | {name: found.rounded() for name, found in compared.items()}
