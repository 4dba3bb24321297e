"""The picture models that an agency has given: which there are, and what each says of a picture."""

from collections.abc import Mapping, Sequence
from typing import Self

from services.classifier.pictures.loading import PictureModelUnusable
from services.classifier.pictures.picture_model import PictureModel
from services.classifier.pictures.settings import PictureSettings
from services.classifier.pictures.shape import Shape
from services.classifier.signals import PictureSigns

CATEGORIES, SYNTHETIC, MINOR = "categories", "synthetic", "minor"


class Slots:
    """`models`: by slot; a slot without one is not configured."""

    def __init__(self, models: Mapping[str, PictureModel]) -> None:
        self._models = dict(models)
        self.name = ", ".join(model.name for model in models.values())

    @classmethod
    def load(cls, settings: PictureSettings) -> Self:
        """Takes seconds. Raises `PictureModelUnusable`."""
        wanted = {
            CATEGORIES: ("picture_model", settings.picture_model, settings.picture_categories),
            SYNTHETIC: (
                "synthetic_model",
                settings.synthetic_model,
                dict.fromkeys(settings.synthetic_labels, SYNTHETIC),
            ),
            MINOR: ("minor_model", settings.minor_model, dict.fromkeys(settings.minor_labels, MINOR)),
        }
        models = {}
        for slot, (setting, source, mapping) in wanted.items():
            if source is not None:
                variable = f"HAETAE_{setting.upper()}"
                models[slot] = PictureModel.load(
                    source, variable, mapping, device=settings.model_device, hub=settings.model_hub
                )
                if slot != CATEGORIES and slot not in models[slot].categories:
                    raise PictureModelUnusable(f"{variable}: name its labels in HAETAE_{slot.upper()}_LABELS")
        return cls(models)

    def __bool__(self) -> bool:
        return bool(self._models)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(dict.fromkeys(model.shape for model in self._models.values()))

    def look(self, pictures: Mapping[str, Mapping[Shape, Sequence[bytes]]]) -> list[PictureSigns]:
        """`pictures`: by SHA-256, in each shape the pixels of the frames, at least one. In the same order."""
        said = {
            slot: model.score([frames[model.shape] for frames in pictures.values()])
            for slot, model in self._models.items()
        }

        def of(slot: str, place: int) -> dict[str, float]:
            return said[slot][place] if slot in said else {}

        return [
            PictureSigns(
                sha256=sha256,
                categories=of(CATEGORIES, place),
                synthetic=of(SYNTHETIC, place).get(SYNTHETIC),
                minor=of(MINOR, place).get(MINOR),
                model=self.name,
            )
            for place, sha256 in enumerate(pictures)
        ]
