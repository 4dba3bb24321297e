"""The page as a browser shows it: its document after the scripts ran, and its text."""

from services.evidence.capture.steps.requests import short
from services.evidence.capture.work import Made, Work
from services.evidence.domain import MAX_HEIGHT, File
from shared.browser.chromium import HEIGHT, WIDTH


async def render(work: Work) -> Made:
    """Leaves screenshots and layout in `work.rendering` for the steps that make files of them."""
    shown = work.rendering = await work.browser.render(
        work.page,
        work.traffic,
        user_agent=work.user_agent,
        scripts=work.scripts,
        timeout=work.settings.capture_seconds,
    )
    # A page may hold half of a surrogate pair, which UTF-8 has no form for.
    files = (
        File("page.html", shown.html.encode(errors="replace"), "text/html; charset=utf-8"),
        File("text.txt", shown.text.encode(errors="replace"), "text/plain; charset=utf-8"),
    )
    return Made(
        files,
        {
            "browser": shown.browser,
            "user_agent": shown.user_agent,
            "viewport": {"width": WIDTH, "height": HEIGHT, "full_page_up_to": MAX_HEIGHT},
            "scripts": work.scripts,
            "final_url": short(shown.final_url),
        },
    )
