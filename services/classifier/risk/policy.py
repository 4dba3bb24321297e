"""An agency's policy: from which risk a finding becomes a case, and how much each component may count. Values, pure."""

import tomllib
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.events.values import Score
from shared.failures import Rejected
from shared.toml import read_toml

# How much of a component's own score counts, at most: what alone may make a case, and what only adds to others.
RISK_WEIGHTS = {
    "known_picture": 1.0,
    "second_sign": 0.5,  # another hash of the same picture is no independent witness: half of what it says
    "further_picture": 0.5,  # of the same page: who shows two listed pictures is less likely met by chance
    "picture_model": 0.85,  # a model of categories proves nothing about this picture
    "text": 1.0,
    "picture_text": 0.9,  # read by OCR, which misreads
    # A person says so: as likely as not. The case comes to a reviewer in any case; its urgency ranks it.
    "reported": 0.5,
    "slang": 0.45,  # below the threshold: a word of the lexicon alone makes no case
}
URGENCY_WEIGHTS = {
    "victim_report": 0.6,
    "personal_data": 0.7,
    "minor": 0.8,
    "spread": 0.6,
    "new_upload": 0.4,
    "video": 0.15,
}
MOST_CATEGORIES = 100
Threshold = Annotated[float, Field(gt=0, le=1)]  # 0 would flag everything that was ever seen


class PolicyInvalid(Rejected):
    """The policy cannot be used. The message names the field and the cure."""


class Policy(BaseModel):
    """`flag_from`: as likely as not, a person looks at all that is flagged. `flag_from_by_category`: another threshold
    for a category. `urgent_from`: urgency from which `flag_urgent_from`, where it is given, takes the place of both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flag_from: Threshold = 0.5
    flag_from_by_category: Annotated[dict[str, Threshold], Field(max_length=MOST_CATEGORIES)] = {}
    urgent_from: Score = 0.6
    flag_urgent_from: Threshold | None = None
    weights: dict[str, Score] = {}
    urgency_weights: dict[str, Score] = {}

    @field_validator("weights")
    @classmethod
    def _known_weights(cls, given: dict[str, float]) -> dict[str, float]:
        return _named(given, RISK_WEIGHTS)

    @field_validator("urgency_weights")
    @classmethod
    def _known_urgency(cls, given: dict[str, float]) -> dict[str, float]:
        return _named(given, URGENCY_WEIGHTS)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Raises `PolicyInvalid`."""
        try:
            return cls.model_validate(read_toml(text))
        except tomllib.TOMLDecodeError as error:
            raise PolicyInvalid(f"the policy is no TOML: {error}") from error
        except ValidationError as error:
            raise PolicyInvalid("; ".join(_sentence(one["loc"], one["msg"]) for one in error.errors())) from error

    def weight(self, component: str) -> float:
        return self.weights.get(component, RISK_WEIGHTS[component])

    def urgency_weight(self, component: str) -> float:
        return self.urgency_weights.get(component, URGENCY_WEIGHTS[component])

    def threshold(self, category: str, urgency: float) -> float:
        """Risk from which a finding is flagged."""
        usual = self.flag_from_by_category.get(category, self.flag_from)
        urgent = self.flag_urgent_from if urgency >= self.urgent_from else None
        return usual if urgent is None else min(usual, urgent)


def _named(given: dict[str, float], known: dict[str, float]) -> dict[str, float]:
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"there is no component {', '.join(unknown)}; give one of {', '.join(known)}")
    return given


def _sentence(place: tuple[int | str, ...], said: str) -> str:
    return f"{'.'.join(map(str, place))}: {said.removeprefix('Value error, ')}"
