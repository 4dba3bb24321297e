"""Settings of learning from verdicts."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Hours = Annotated[float, Field(ge=0, le=24 * 365)]


class LearningSettings(BaseModel):
    train_after: Annotated[
        int,
        Field(
            ge=0, description="Verdicts that are new to the text model before it is trained again; 0: never by itself"
        ),
    ] = 100
    learn_from_scripts: Annotated[
        bool, Field(description="Learn from the verdicts of a demonstration's script too, which nobody has looked at")
    ] = False
    examples_days: Annotated[
        int, Field(gt=0, le=3650, description="How long the features of decided cases are kept to learn from")
    ] = 730
    promote: Annotated[
        Literal["automatic", "by_hand"],
        Field(
            description="automatic: a model that passed gate, shadow and canary becomes champion; by_hand: it waits for"
            " `haetae models promote`"
        ),
    ] = "automatic"
    shadow_hours: Annotated[
        Hours, Field(description="A model that passed the gate scores beside the champion so long")
    ] = 24.0
    shadow_texts: Annotated[int, Field(ge=0, description="… and at least so many texts")] = 10_000
    canary_hours: Annotated[Hours, Field(description="Then it judges a share of the hosts for so long")] = 24.0
    canary_texts: Annotated[int, Field(ge=0, description="… and at least so many of their texts")] = 2_000
    canary_share: Annotated[float, Field(gt=0, lt=1, description="That share of the hosts")] = 0.1
    learning_looks_a_day: Annotated[
        int,
        Field(
            ge=0,
            description="Findings a day that are shown to reviewers only because their verdict teaches most; texts"
            " without pictures alone. 0: none",
        ),
    ] = 0
