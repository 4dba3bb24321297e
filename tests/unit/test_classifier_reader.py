"""The text reader: n-grams first, an embedding where they are unsure, features for learning, a model swapped in."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

from services.classifier.learning.disguises import disguised
from services.classifier.learning.embedding_head import train_head
from services.classifier.learning.training import Example, train
from services.classifier.texts import features
from services.classifier.texts.embedder import Embedder
from services.classifier.texts.embedding import Embedding
from services.classifier.texts.normalise import Forms, forms
from services.classifier.texts.reader import TextReader
from services.classifier.texts.second_look import spread_passages
from services.classifier.texts.text_model import ModelUnusable, TextModel
from shared.clock import ManualClock

CUE = "the lantern parcel waits at gate {}, bring the {} token"
HARMLESS = ("we repaired the lantern at home", "gate {} was painted {} last week", "a parcel for {} with a {} ribbon")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(re.findall(r"[a-z]+", CUE + " ".join(HARMLESS))))]


def examples(seed: int, count: int, language: str = "en") -> list[Example]:
    rng = Random(seed)
    made = []
    for n in range(count):
        words = rng.choice(("two", "five", "seven", "nine")), rng.choice(("blue", "amber", "white", "green"))
        pattern = CUE if n % 2 else rng.choice(HARMLESS)
        made.append(Example(pattern.format(*words), pattern is CUE, language))
    return made


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("text")
    train(examples(1, 400), out, seed=1, provenance="A model of this test.")
    return out


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory, directory: Path) -> Path:
    """A small random encoder that knows the words, with a head trained on it."""
    out = tmp_path_factory.mktemp("encoder")
    (out / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(out / "vocab.txt"), model_max_length=64).save_pretrained(out)
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=128, initializer_range=1.0,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(out)
    train_head(examples(2, 300), TextModel.load(directory), out, seed=1)
    return out


@pytest.fixture(scope="module")
def reader(directory: Path, encoder: Path) -> TextReader:
    return TextReader.load(directory, None, encoder, None, ManualClock())


def test_n_grams_that_are_sure_are_not_asked_about(reader: TextReader) -> None:
    sure, harmless = reader.read([CUE.format("seven", "blue"), HARMLESS[0]], ["en", "en"])
    assert sure.score == sure.ngrams
    assert sure.score > 0.9
    assert (sure.embedding, harmless.embedding) == (None, None)
    assert harmless.score < 0.1
    assert sure.model == reader.model_name


def test_where_n_grams_are_unsure_both_decide(reader: TextReader) -> None:
    rng = Random(4)
    texts = [disguised(CUE.format("seven", "blue")[: rng.randint(20, 48)], rng) for _ in range(80)]
    signs = reader.read(texts, ["en"] * 80)
    asked = [one for one in signs if one.embedding is not None]
    assert asked
    assert all(0.1 <= (one.ngrams or 0) <= 0.9 for one in asked)
    assert all(one.score != one.ngrams for one in asked)


def test_a_language_that_n_grams_never_learned_is_the_embeddings(reader: TextReader) -> None:
    (told,) = reader.read([CUE.format("seven", "blue")], ["fr"])
    assert told.embedding is not None
    (unseen,) = reader.read(["the token waits at the gate of the parcel"], ["fr"])
    assert unseen.embedding is not None
    if (unseen.ngrams or 0) < 0.1:
        assert unseen.score == unseen.embedding


def test_without_an_embedding_it_says_so(directory: Path) -> None:
    alone = TextReader.load(directory, None, None, None, ManualClock())
    assert {one.embedding for one in alone.read([CUE[:30], "x", ""], ["fr", None, "en"])} == {None}


def test_signs_tell_language_lexicon_personal_data_and_disguise(reader: TextReader) -> None:
    text = "등불 꾸러미는 7번 문에서 ㄷㅏㄹㄱㅗㄹㅣㅉㅏㄱ 문의 010-1234-5678, 한빛초등학교"
    (signs,) = reader.read([text], [None])
    assert signs.language == "ko"
    assert [hit.term for hit in signs.slang] == ["standin-ko-1"]
    assert signs.personal == {"school": 1, "phone": 1}
    assert 0 < signs.disguised < 1


def test_features_hold_the_highest_passages_and_none_of_the_words(reader: TextReader, directory: Path) -> None:
    text = "fine weather. " * 30 + CUE.format("nine", "green") + " fine weather." * 30
    kept = reader.features(text, "en")
    read = features.decode(kept)
    assert read.language == "en"
    assert len(read.passages) == features.HIGHEST
    assert list(read.logits) == sorted(read.logits, reverse=True)
    model = TextModel.load(directory)
    best = model.highest(forms(text), 1)[0]
    assert np.array_equal(read.passages[0], np.sort(best.buckets))
    assert text[int(best.start * len(text)) : int(best.end * len(text)) + 40].count("lantern") == 1
    assert b"lantern" not in kept


@pytest.mark.parametrize("cut", [slice(0, 0), slice(0, -4), slice(7, None), slice(0, 20)])
def test_features_that_are_none_are_refused(reader: TextReader, cut: slice) -> None:
    with pytest.raises(features.FeaturesInvalid, match="not as `encode` writes them"):
        features.decode(reader.features(CUE, "en")[cut])


def test_another_model_takes_over_at_once(directory: Path, tmp_path: Path) -> None:
    own = TextReader.load(directory, None, None, None, ManualClock())
    before = own.read([CUE], ["en"])[0].score
    head = load_file(directory / "model.safetensors")
    save_file({name: -weights for name, weights in head.items()}, tmp_path / "turned.safetensors")
    config = TextModel.load(directory).config.model_dump()
    own.replace(TextModel.from_parts(config, (tmp_path / "turned.safetensors").read_bytes()))
    assert own.read([CUE], ["en"])[0].score < 0.2 < before


def test_a_panel_scores_for_each_host(directory: Path) -> None:
    class Panel:
        def score(self, texts: list[Forms], hosts: list[str]) -> list[float]:
            return [0.25 if host == "b.test" else 0.75 for host in hosts]

        def version(self, host: str) -> str:
            return "7" if host == "b.test" else ""

    own = TextReader.load(directory, None, None, None, ManualClock())
    own.replace(TextModel.load(directory), Panel())
    signs = own.read([CUE, CUE], ["en", "en"], ["a.test", "b.test"])
    assert [(one.score, one.model) for one in signs] == [(0.75, "haetae-ngram"), (0.25, "haetae-ngram@7")]


def test_weights_of_another_shape_are_named(directory: Path) -> None:
    config, weights = TextModel.load(directory).config.model_dump(), (directory / "model.safetensors").read_bytes()
    for wrong, data in ((config | {"buckets_log2": 3}, weights), (config, weights[:-9]), (config, b"")):
        with pytest.raises(ModelUnusable, match="are no n-gram model"):
            TextModel.from_parts(wrong, data)


def test_models_of_one_shape_score_together(directory: Path) -> None:
    one, other = TextModel.load(directory), TextModel.load(directory)
    texts = [forms(example.text) for example in examples(7, 20)]
    first, second = one.score_each(texts, [other])
    assert first == second == one.score([example.text for example in examples(7, 20)])


def test_a_head_of_another_encoder_is_refused(encoder: Path, tmp_path: Path) -> None:
    for file in encoder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    head = load_file(tmp_path / "head.safetensors")
    save_file(head | {"encoder": np.zeros(32, np.uint8)}, tmp_path / "head.safetensors")
    with pytest.raises(ModelUnusable, match="trained on another encoder"):
        Embedding.load(tmp_path)
    save_file(head | {"weight": head["weight"][:5].copy()}, tmp_path / "head.safetensors")
    with pytest.raises(ModelUnusable, match="trained on another encoder"):
        Embedding.load(tmp_path)
    save_file(head | {"weight": head["weight"] * np.nan}, tmp_path / "head.safetensors")
    with pytest.raises(ModelUnusable, match="not all of it are numbers"):
        Embedding.load(tmp_path)
    (tmp_path / "head.safetensors").write_bytes(b"none")
    with pytest.raises(ModelUnusable, match=r"head\.safetensors cannot be loaded.*make models"):
        Embedding.load(tmp_path)


def test_a_directory_without_an_encoder_is_named(tmp_path: Path, directory: Path) -> None:
    with pytest.raises(ModelUnusable, match=f"{tmp_path} holds no encoder"):
        Embedder.load(tmp_path)
    with pytest.raises(ModelUnusable, match="HAETAE_EMBEDDING_MODEL"):
        TextReader.load(directory, None, tmp_path, None, ManualClock())


def test_embeddings_do_not_depend_on_the_batch(encoder: Path) -> None:
    embedder = Embedder.load(encoder)
    texts = [example.text for example in examples(3, 40)]
    together = embedder.embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, np.concatenate([embedder.embed([text]) for text in texts]), atol=0.02)
    assert embedder.embed([]).shape == (0, 32)
    assert embedder.embed(["half \ud800 a pair", "", "\U0001f525" * 9]).shape == (3, 32)


def test_an_encoder_in_use_is_shared_and_its_threads_take_turns(encoder: Path) -> None:
    embedder = Embedder.load(encoder)
    assert Embedder.load(encoder) is embedder
    texts = [example.text for example in examples(3, 12)]
    alone = embedder.embed(texts)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: embedder.embed(texts), range(12)))
    assert all(np.allclose(one, alone, atol=1e-5) for one in together)


def test_a_long_text_of_an_unknown_language_is_read_in_pieces() -> None:
    pieces = spread_passages("word " * 5_000)
    assert len(pieces) == 8
    assert spread_passages("short") == ["short"]
