"""What is listed of a known file: of a picture its variants, of a video the frames at which its scenes change."""

from services.classifier.hashes.asked import at
from services.classifier.hashes.entries import Algorithm, BankHash
from services.classifier.hashes.variants import PictureRefused, PictureUnknown, compute_entries
from shared.events.values import MIN_PDQ_QUALITY
from shared.prints.digests import digests
from shared.prints.videos import NoVideo, scenes_of

# Differing bits of a frame. Re-encoding moves one by 20 at most, the choice of a neighbouring frame by some more. What
# keeps unrelated videos apart is that a share of all frames has to agree.
FRAME_THRESHOLD = 45


def compute_file(label: str, category: str, file: bytes) -> tuple[BankHash, ...]:
    """The entries to list of a picture or a video. Raises `PictureRefused` for what is neither or cannot be told from
    others."""
    try:
        return compute_entries(label, category, file)
    except PictureUnknown as unknown:
        try:
            return compute_video_entries(label, category, file)
        except NoVideo:
            raise unknown from None


def compute_video_entries(label: str, category: str, video: bytes) -> tuple[BankHash, ...]:
    """Digests, and a row for each scene. Raises `NoVideo`, and `PictureRefused` where no frame tells anything."""
    try:
        frames = scenes_of(video, stills=False).frames
    except NoVideo:
        raise
    except Exception as error:  # decoders raise anything on a broken file
        raise PictureRefused(f"it cannot be decoded: {error}; is the file whole?") from error
    telling = [frame for frame in frames if frame.pdq_quality >= MIN_PDQ_QUALITY]
    if not telling:
        raise PictureRefused("none of its frames tells it from other videos; list its SHA-256 in a hash file instead")
    named = digests(video)
    exact = ((Algorithm.SHA256, named.sha256), (Algorithm.MD5, named.md5), (Algorithm.SHA1, named.sha1))
    return (
        *(BankHash(entry=label, category=category, algorithm=algorithm, hash=value) for algorithm, value in exact),
        *(
            BankHash(
                entry=label, category=category, algorithm=Algorithm.VPDQ, hash=frame.pdq, variant=at(frame.at_s),
                threshold=FRAME_THRESHOLD,
            )
            for frame in telling
        ),
    )  # fmt: skip
