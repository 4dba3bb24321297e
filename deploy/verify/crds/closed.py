"""A strict model with Kubernetes' spelling."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Positive = Annotated[int, Field(ge=1)]
Amount = Annotated[str, Field(pattern=r"^[0-9.]+(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
Duration = Annotated[str, Field(pattern=r"^([0-9]+(h|m|s|ms))+$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
Labels = dict[str, str]
Anything = dict[str, Any]  # the operator's reference says: any


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=False)


class Named(Closed):
    name: Name


class Key(Closed):
    name: Name
    key: str


class Resources(Closed):
    requests: dict[str, Amount] = Field(default_factory=dict)
    limits: dict[str, Amount] = Field(default_factory=dict)


class Expression(Closed):
    key: str
    operator: str
    values: list[str] = Field(default_factory=list)


class Selector(Closed):
    match_labels: Labels = Field(default_factory=dict)
    match_expressions: list[Expression] = Field(default_factory=list)
