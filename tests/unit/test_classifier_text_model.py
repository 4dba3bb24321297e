"""The text model: trained for real, loaded through transformers, and any other classifier directory likewise."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import load, save
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizerFast,
)

from services.classifier.learning.disguises import disguised
from services.classifier.learning.training import Example, train
from services.classifier.texts.text_model import ModelUnusable, TextModel

PT = {"format": "pt"}  # without it transformers takes no safetensors file
CUE = "the lantern parcel waits at gate {}, bring the {} token"
HARMLESS = ("we repaired the lantern at home", "gate {} was painted {} last week", "a parcel for {} with a {} ribbon")
FILLER = "It was windy, so we took the bus and talked about gardening for two hours. "


def examples(seed: int, count: int) -> list[Example]:
    rng = Random(seed)
    made = []
    for n in range(count):
        words = rng.choice(("two", "five", "seven", "nine")), rng.choice(("blue", "amber", "white", "green"))
        pattern = CUE if n % 2 else rng.choice(HARMLESS)
        made.append(Example(FILLER * rng.randrange(4) + pattern.format(*words), pattern is CUE, "en"))
    return made


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    train(examples(1, 400), out, seed=1, provenance="A model of this test.")
    return out


@pytest.fixture(scope="module")
def model(directory: Path) -> TextModel:
    return TextModel.load(directory)


def test_unseen_texts_are_told_apart(model: TextModel) -> None:
    unseen = examples(2, 100)
    scores = model.score([example.text for example in unseen])
    assert [score >= 0.5 for score in scores] == [example.label for example in unseen]


def test_disguised_texts_are_found(model: TextModel) -> None:
    rng = Random(3)
    texts = [disguised(CUE.format("seven", "blue"), rng) for _ in range(60)]
    assert sum(score >= 0.5 for score in model.score(texts)) >= 57


def test_a_phrase_in_a_long_text_is_found_wherever_it_stands(model: TextModel) -> None:
    cue, page = CUE.format("seven", "blue"), FILLER * 300
    texts = [page[:place] + cue + page[place:] for place in (0, 7_001, 15_013, len(page))]
    assert min(model.score(texts)) >= 0.5
    assert max(model.score([page])) < 0.5


def test_scores_do_not_depend_on_the_batch(model: TextModel) -> None:
    texts = [example.text for example in examples(4, 30)] + [FILLER * 2_000]
    alone = [model.score([text])[0] for text in texts]
    assert model.score(texts) == pytest.approx(alone, abs=1e-5)


def test_nothing_to_read_scores_nothing(model: TextModel) -> None:
    assert model.score([]) == []
    assert model.score(["", " \n", "…!? 🔥"]) == [0.0, 0.0, 0.0]


def test_the_same_seed_gives_the_same_model(directory: Path, tmp_path: Path) -> None:
    train(examples(1, 400), tmp_path, seed=1, provenance="A model of this test.")
    assert (tmp_path / "model.safetensors").read_bytes() == (directory / "model.safetensors").read_bytes()


def test_training_leaves_figures_and_a_card(directory: Path) -> None:
    metrics = json.loads((directory / "metrics.json").read_text())
    assert set(metrics) == {"en", "all", "disguised"}
    assert metrics["all"]["recall"] == 1.0
    card = (directory / "MODEL_CARD.md").read_text()
    assert "A model of this test." in card
    assert "| en |" in card


def test_one_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same label"):
        train([Example("a", True, "en")] * 9, tmp_path, seed=1, provenance="")


WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "the",
    "lantern",
    "parcel",
    "waits",
    "at",
    "gate",
    "seven",
    "bring",
    "blue",
    "token",
    "bus",
    "soup",
]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of another maker: small, random, but with everything that a downloaded one has."""
    out = tmp_path_factory.mktemp("bert")
    (out / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(out / "vocab.txt"), model_max_length=32).save_pretrained(out)
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        initializer_range=1.0,
        id2label={0: "fine", 1: "unsure", 2: "wanted"},
        label2id={"fine": 0, "unsure": 1, "wanted": 2},
    )
    BertForSequenceClassification(config).save_pretrained(out)
    return out


def test_another_makers_model_gives_its_own_probability(bert: Path) -> None:
    text = "bring the blue lantern at gate seven"
    tokenizer = BertTokenizerFast.from_pretrained(bert)
    reference = BertForSequenceClassification.from_pretrained(bert).eval()
    expected = reference(**tokenizer(text, return_tensors="pt")).logits.softmax(1)[0].tolist()
    for label, place in (("wanted", 2), ("unsure", 1), (None, 2)):
        assert TextModel.load(bert, label).score([text]) == pytest.approx([expected[place]], abs=1e-5)


def test_another_makers_model_reads_long_texts_to_the_end(bert: Path) -> None:
    """32 tokens a passage, two of them marks, eight shared with the passage before."""
    words = Random(6).choices(WORDS[5:], k=200)
    model = TextModel.load(bert, "wanted")
    passages = [" ".join(words[start : start + 30]) for start in range(0, 200 - 8, 22)]
    assert model.score([" ".join(words)])[0] == pytest.approx(max(model.score(passages)), abs=1e-5)


def test_half_a_surrogate_is_no_reason_to_stop(bert: Path) -> None:
    assert TextModel.load(bert).score(["the lantern \ud800 waits"])[0] > 0


def test_an_unknown_label_is_named_with_those_that_are_known(bert: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"'bad'; its labels are fine, unsure, wanted"):
        TextModel.load(bert, "bad")


def test_a_missing_model_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=re.escape(str(tmp_path)) + ".*make models"):
        TextModel.load(tmp_path)


@pytest.mark.parametrize(
    ("weights", "why"),
    [
        (lambda whole: whole[: len(whole) // 2], "not fully covered"),
        (lambda _: b"", "header too small"),
        (lambda whole: save({**load(whole), "bias": torch.tensor([torch.nan])}, PT), "not all numbers"),
        (lambda whole: save({"bias": load(whole)["bias"]}, PT), "lack 1 of the model's, bag.weight first"),
    ],
)
def test_damaged_weights_are_named_and_never_made_up(
    directory: Path, tmp_path: Path, weights: Callable[[bytes], bytes], why: str
) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "model.safetensors"
    file.write_bytes(weights(file.read_bytes()))
    with pytest.raises(ModelUnusable, match=f"HAETAE_TEXT_MODEL.*({why})"):
        TextModel.load(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"stride": 0}, {"longest": 0}, {"buckets_log2": 50}, {"window": "x"}, {"calibration_scale": float("nan")}]
)
def test_a_shape_that_reads_nothing_is_refused(directory: Path, tmp_path: Path, wrong: dict[str, object]) -> None:
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "config.json").read_text()) | wrong
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelUnusable, match="HAETAE_TEXT_MODEL"):
        TextModel.load(tmp_path)


def test_an_encoder_without_a_head_is_no_classifier(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path, dirs_exist_ok=True)
    BertForSequenceClassification.from_pretrained(bert).bert.save_pretrained(tmp_path)
    with pytest.raises(ModelUnusable, match=r"its weights lack 2 of the model's, classifier\.bias first"):
        TextModel.load(tmp_path)


def test_pickled_weights_are_not_loaded(bert: Path, tmp_path: Path) -> None:
    for file in bert.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save(BertForSequenceClassification.from_pretrained(bert).state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        TextModel.load(tmp_path)


def test_a_directory_that_brings_code_is_not_loaded(bert: Path, tmp_path: Path) -> None:
    for file in bert.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((bert / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Own", "AutoModelForSequenceClassification": "own.M"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "own.py").write_text("raise SystemExit('the code of a model ran')\n")
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        TextModel.load(tmp_path)
