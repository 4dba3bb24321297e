"""Settings of the classifier."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from services.classifier.conversations.settings import ConversationSettings
from services.classifier.domain import Policy
from services.classifier.learning.settings import LearningSettings
from services.classifier.pictures.settings import PictureSettings
from services.classifier.texts.settings import TextSettings
from shared import settings


class Settings(settings.Settings, TextSettings, PictureSettings, LearningSettings, ConversationSettings):
    text_model: Annotated[
        Path,
        Field(description="Directory of the text model: ours, or a transformers sequence classifier with safetensors"),
    ]
    text_label: Annotated[
        str | None, Field(description="The model's label that is looked for; its last one if none is named")
    ] = None
    embedding_model: Annotated[
        Path | None,
        Field(description="Directory of a sentence encoder (multilingual E5); none: n-grams alone read texts"),
    ] = None
    flag_from: Annotated[
        float,
        Field(gt=0, le=1, description="Risk from which a finding becomes a case, where the agency wrote no policy"),
    ] = Policy().flag_from
    seen_days: Annotated[
        float,
        Field(gt=0, le=365, description="What was judged is remembered so long: addresses, hashes, signals, no words"),
    ] = 7.0
    hash_index: Annotated[
        Path | None,
        Field(description="Folder of this process alone, where the index of the hash banks is kept for a quick start"),
    ] = None
