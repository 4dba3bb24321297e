"""A video's bytes → its scenes, and what became of them (pure; hostile input: for guarded children, see `media`)."""

from services.crawler.pictures.seen import Outcome, Seen
from shared.prints.videos import NoVideo, scenes_of


def look_at_video(body: bytes, stills: bool) -> Seen:
    """`stills`: give the chosen frames as JPEG too. Never raises for what the bytes are; `MemoryError` at the limit."""
    try:
        film = scenes_of(body, stills)
    except MemoryError:
        raise
    except NoVideo:
        return Seen(Outcome.UNKNOWN)
    except Exception:  # as with pictures: a decoder fails in any way it likes
        return Seen(Outcome.MALFORMED)
    outcome = Outcome.HASHED if film.frames else Outcome.NO_FRAMES
    return Seen(
        outcome, film.width, film.height, frames=film.frames, duration_s=film.last_s, stills=film.stills
    )  # fmt: skip
