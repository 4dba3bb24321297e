"""Pictures that stand elsewhere now: a tombstone may show the finding's picture at a new address, or inside itself."""

from collections.abc import Iterable, Sequence

from services.crawler.pages.page_pictures import is_picture
from services.crawler.pages.reading import Page
from services.crawler.pictures.picture_box import PictureBox
from services.crawler.removals.vantage import Guise
from shared.events.values import Picture
from shared.failures import Failure

# So many are compared with the finding's. A logo and a banner come along; more would cost politeness more than a hidden
# picture costs whoever hides it.
NEW_ADDRESSES = 4


async def moved_pictures(
    guise: Guise, box: PictureBox, page: Page, shown: frozenset[str], max_bytes: int
) -> tuple[Picture, ...]:
    """Pictures of a page that does not show the finding's where they were. `shown`: all addresses of its pictures."""
    old = {picture.url for picture in guise.finding.pictures}
    if not old or shown & old:
        return ()
    found = [await box.describe(guise.finding.url, body) for body in page.inline_pictures]
    for url in _new_addresses(page.pictures, shown, old):
        try:
            got = await guise.get(url, max_bytes)
        except Failure:
            continue
        if got.status == 200:
            found.append(await box.describe(url, got.body))
    return tuple(found)


def _new_addresses(own: Sequence[str], shown: Iterable[str], old: set[str]) -> list[str]:
    """The page's own pictures first: those around them are the site's."""
    others = sorted(url for url in shown if is_picture(url))
    return [url for url in dict.fromkeys((*own, *others)) if url not in old][:NEW_ADDRESSES]
