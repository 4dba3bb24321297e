"""Settings of what looks at pictures."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from shared.settings import QuarantineSettings


class PictureSettings(QuarantineSettings):
    picture_model: Annotated[
        str | None,
        Field(
            description="Directory of the picture model: the default, a transformers image classifier with safetensors"
            " weights, or a hub name (see `HAETAE_MODEL_HUB`). None: pictures are only compared with the hash banks"
        ),
    ] = None
    picture_categories: Annotated[
        dict[str, str],
        Field(
            description='Which of the picture model\'s labels say which of our categories, as JSON {"label":'
            ' "category"}; empty: as its config.json says under `categories`'
        ),
    ] = {}  # noqa: RUF012  # pydantic copies it, and settings are frozen
    synthetic_model: Annotated[
        str | None, Field(description="Directory or hub name of a model that tells synthetic pictures; none: not said")
    ] = None
    synthetic_labels: Annotated[
        tuple[str, ...], Field(description="Its labels that say synthetic, as a JSON list; empty: as its config.json")
    ] = ()
    minor_model: Annotated[
        str | None, Field(description="Directory or hub name of a model of the apparent age; none: not said")
    ] = None
    minor_labels: Annotated[
        tuple[str, ...], Field(description="Its labels of ages under 18, as a JSON list; empty: as its config.json")
    ] = ()
    model_hub: Annotated[
        bool,
        Field(
            description="Let picture models be hub names (`owner/name`, `owner/name@revision`): their weights are"
            " downloaded once. Off: directories alone, and no address is contacted"
        ),
    ] = False
    model_device: Annotated[
        Literal["auto", "cpu", "cuda"], Field(description="Where picture models run; auto: on a GPU if there is one")
    ] = "auto"
    picture_seconds: Annotated[
        float, Field(gt=0, description="Longest time for a batch of pictures in a model; then they count as unread")
    ] = 20.0
    picture_decoders: Annotated[
        int, Field(gt=0, le=64, description="Processes that decode pictures for the models; one for each core")
    ] = 2
    tessdata: Annotated[
        Path | None,
        Field(description="Folder of tesseract's *.traineddata: words in pictures are read; none: they are not"),
    ] = None
