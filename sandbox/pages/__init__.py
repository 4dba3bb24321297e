"""The pages of each kind of site: pure functions from a view to HTML text.

Every kind offers `index_pages(view)` (address → renderer) and `article(view, post)` (what stands in a post's page).
"""

from types import ModuleType

from sandbox.model import Kind
from sandbox.pages import board, chat, feed, gallery

PAGES: dict[Kind, ModuleType] = {Kind.BOARD: board, Kind.GALLERY: gallery, Kind.FEED: feed, Kind.CHAT: chat}
