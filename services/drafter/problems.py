"""What the reviewer has to look at: codes here, sentences in `data/problems.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import RootModel

from shared.text import one_line

MAX_DETAIL = 500


@dataclass(frozen=True)
class Problem:
    """`detail` may be hostile text: it is shown as one line."""

    code: str
    detail: str


class Sentences(RootModel[Mapping[str, Mapping[str, str]]]):
    """Sentences by code and language."""

    def tell(self, problem: Problem, language: str) -> str:
        return self.root[problem.code][language].format(detail=one_line(problem.detail, MAX_DETAIL))
