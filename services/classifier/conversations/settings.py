"""Settings of watching conversations."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from shared.events import LawfulBasis


class ConversationSettings(BaseModel):
    conversation_bases: Annotated[
        tuple[LawfulBasis, ...],
        Field(
            description="Lawful bases on which conversations are read, as a JSON list of"
            f" {', '.join(LawfulBasis)}; empty: no conversation is read"
        ),
    ] = ()
    conversation_model: Annotated[
        Path | None, Field(description="Directory of the conversation model (config.json, model.safetensors)")
    ] = None
    conversation_days: Annotated[
        float,
        Field(gt=0, le=366, description="A conversation's record, which holds no words, is kept so long after its end"),
    ] = 60.0
    playbook_url: Annotated[
        str,
        Field(
            max_length=1_000,
            description="Address of what a counsellor does, told with an alert; {stage} and {language} are filled in."
            " Unless given, the gateway's own page",
        ),
    ] = "/playbook#{stage}"

    @model_validator(mode="after")
    def _model_for_what_is_read(self) -> Self:
        if self.conversation_bases and self.conversation_model is None:
            raise ValueError(
                "HAETAE_CONVERSATION_MODEL: needed where HAETAE_CONVERSATION_BASES allows conversations to be read;"
                " give its directory (`make models` trains a stand-in)"
            )
        return self
