"""Which models a run gives to the classifier."""

import os
from pathlib import Path

CONVERSATIONS = "HAETAE_CONVERSATION_MODEL"
# Setting and directory, as `make models` lays them beside the text model.
BESIDE = {
    "HAETAE_PICTURE_MODEL": "picture",
    "HAETAE_EMBEDDING_MODEL": "embedding",
    CONVERSATIONS: "conversation",
}


def settings(text_model: Path) -> dict[str, str]:
    """The text model, and those beside it that were made; what the environment names goes first."""
    made = {name: text_model.absolute().parent / folder for name, folder in BESIDE.items() if name not in os.environ}
    return {
        "HAETAE_TEXT_MODEL": str(text_model),
        **{name: str(folder) for name, folder in made.items() if (folder / "config.json").is_file()},
    }
