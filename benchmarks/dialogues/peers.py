"""Other ways to raise an alarm on a conversation: words on a list, and one judgement of the whole conversation."""

from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from services.classifier.conversations.examples import LabelledConversation, texts_of
from services.classifier.texts.normalise import skeleton

Alarm = Callable[[LabelledConversation], int | None]
SHORTEST_WORD = 3  # letters
LISTED = 0.8  # a word is on the list where so many of its texts are cues


def keywords(training: Sequence[LabelledConversation], hits: int) -> Alarm:
    """At the turn with which `hits` turns held a word of the list. The list: what the training's cues say and its small
    talk rarely does, normalised as our own texts are."""
    cued, all_of = dict[str, int](), dict[str, int]()
    for text in texts_of(training):
        for word in set(_words(text.text)):
            all_of[word] = all_of.get(word, 0) + 1
            cued[word] = cued.get(word, 0) + (text.stage is not None)
    listed = {word for word, times in all_of.items() if cued[word] >= LISTED * times and len(word) >= SHORTEST_WORD}

    def alarm(conversation: LabelledConversation) -> int | None:
        found = (place for place, turn in enumerate(conversation.turns) if listed.intersection(_words(turn.text)))
        return next((place for count, place in enumerate(found, 1) if count == hits), None)

    return alarm


def whole(training: Sequence[LabelledConversation], at_least: float = 0.5) -> Alarm:
    """Judged when it is over: TF-IDF of character n-grams of all turns, logistic regression."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=3)
    model = LogisticRegression(C=10, max_iter=300, class_weight="balanced")
    model.fit(vectors.fit_transform(map(_joined, training)), [one.harmful for one in training])

    def alarm(conversation: LabelledConversation) -> int | None:
        risk = model.predict_proba(vectors.transform([_joined(conversation)]))[0, 1]
        return len(conversation.turns) - 1 if risk >= at_least else None

    return alarm


def _joined(conversation: LabelledConversation) -> str:
    return "\n".join(skeleton(turn.text) for turn in conversation.turns)


def _words(text: str) -> list[str]:
    return skeleton(text).split()
