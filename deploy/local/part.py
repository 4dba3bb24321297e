"""What each part of the stack gives: the process to supervise and the settings by which others find it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from deploy.local.process import ProcessSpec

PartName = Literal["postgres", "s3", "kafka", "mail", "authority"]
PARTS: tuple[PartName, ...] = ("postgres", "s3", "kafka", "mail", "authority")


@dataclass(frozen=True)
class Part:
    spec: ProcessSpec
    env: Mapping[str, str]
