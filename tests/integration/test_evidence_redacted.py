"""The redacted twin of a real page's screenshot: whatever a picture is shown by, it cannot be recognised; words can."""

import io

import pytest
from PIL import Image, ImageChops
from starlette.responses import Response

from services.evidence.capture.plan import PLAN
from tests.support.shown import camera

PLAN_OF_IT = tuple(step for step in PLAN if step.name in ("document", "render", "screenshots", "layout"))
WORDS = "The words lie over it, once and again."
RED, GREEN = "#c81e1e", "#1ec81e"
DOTS = ",".join(f"{x * 6}px {y * 6}px {(RED, GREEN)[(x + y) % 2]}" for x in range(60) for y in range(15))
LETTERS = "\n".join(
    "".join(f"<span style='color:{(RED, GREEN)[(x + y) % 2]}'>█</span>" for x in range(40)) for y in range(7)
)
SHOWN_BY = {
    "img": "<img src=/m.png width=400 height=100>",
    "background": "<div style='width:400px;height:100px;background:url(/m.png)'></div>",
    "image-set": "<div style='width:400px;height:100px;background:image-set(\"/m.png\" 1x)'></div>",
    "svg": "<svg width=400 height=100><image href=/m.png width=400 height=100 /></svg>",
    "svg words": "<svg width=400 height=100><image href=/m.png width=400 height=100 /><text y=40>in it</text></svg>",
    "canvas": "<canvas id=c width=400 height=100></canvas>",
    "closed shadow": "<div id=host></div>",
    "frame": "<iframe src=/frame width=400 height=100 frameborder=0></iframe>",
    "before": "<style>.b::before{content:url(/m.png)}</style><div class=b style='height:100px;width:400px'></div>",
    "marker": "<ul><li style='list-style:url(/m.png) inside'></li></ul>",
    "mask": "<div style='width:400px;height:100px;background:#c00;mask-image:url(/m.png)'></div>",
    "turned": "<div style='rotate:20deg;width:300px'><img src=/m.png width=300 height=60></div>",
    "poster": "<video poster=/m.png width=400 height=100></video>",
    "button": "<input type=image src=/m.png width=400 height=100>",
    "thumb": "<style>.t{appearance:none;width:400px;height:100px}.t::-webkit-slider-thumb{appearance:none;width:400px;"
    "height:100px;background:url(/m.png)}</style><input class=t type=range>",
    "first line": "<style>.f::first-line{background:url(/m.png)}</style><p class=f style='font:40px/100px serif'>in it "
    "words of a line</p>",
    "shadows": f"<div style='width:6px;height:6px;box-shadow:{DOTS}'></div>",
    "letters": f"<pre style='margin:0;font:14px/14px monospace'>{LETTERS}</pre>",
    "object": "<object data=/m.png type=image/png width=400 height=100></object>",
}
SCRIPT = """<script>
const i = new Image(); i.onload = () => c.getContext("2d").drawImage(i, 0, 0); i.src = "/m.png";
host.attachShadow({mode: "closed"}).innerHTML = "<img src=/m.png width=400 height=100>";
</script>"""
OVER = "".join(
    f"<p style='position:absolute;top:{top}px;left:5px;margin:0;font:20px/24px sans-serif'>{WORDS}</p>"
    for top in (2, 26, 50, 74)
)


def marked() -> bytes:
    """Red and green dots: of a recognisable picture something stays coloured."""
    image = Image.new("RGB", (400, 100))
    for x in range(400):
        for y in range(100):
            image.putpixel((x, y), ((200, 30, 30), (30, 200, 30))[(x // 6 + y // 6) % 2])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def coloured(image: Image.Image) -> int:
    """Pixels that are clearly red or green."""
    red, green, _ = image.split()
    return sum(ImageChops.difference(red, green).histogram()[40:])


def picture_of(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def same(one: Image.Image, other: Image.Image, part: tuple[int, int, int, int]) -> bool:
    """But for what compressing twice does."""
    difference = ImageChops.difference(one.crop(part), other.crop(part)).convert("L")
    return one.crop(part).convert("L").getextrema()[0] < 80 and difference.getextrema()[1] < 80


@pytest.fixture
async def capture(browser, web):
    web.pages["/m.png"] = Response(marked(), media_type="image/png")
    web.page("/frame", "<style>*{margin:0}</style><img src=/m.png>")
    async with camera(browser, web, PLAN_OF_IT) as made:
        yield made


async def test_no_picture_can_be_recognised_by_whatever_it_is_shown(capture, web):
    parts = "".join(
        f"<div style='position:relative;height:130px;overflow:hidden'>{one}{OVER}</div>" for one in SHOWN_BY.values()
    )
    seen = await capture(web.page("/all", f"<p>Before it all</p>{parts}<p>After it all</p>{SCRIPT}"))
    plain, redacted = (picture_of(seen.files[name]) for name in ("screenshot.jpg", "screenshot-redacted.jpg"))
    assert plain.size == redacted.size
    for number, name in enumerate(SHOWN_BY):
        part = (0, 60 + 130 * number, 500, 60 + 130 * (number + 1))
        assert coloured(plain.crop(part)) > 1_000, name  # it is shown
        assert coloured(redacted.crop(part)) < 0.01 * coloured(plain.crop(part)), name
    assert same(plain, redacted, (0, 0, 200, 40))


async def test_where_a_picture_may_be_anywhere_nothing_is_legible(capture, web):
    """A filter's picture is drawn where no box says so."""
    body = """<svg width=0 height=0><filter id=f x=0 y=0 width=1 height=1 filterUnits=objectBoundingBox>
        <feImage href=/m.png /></filter></svg><div style='filter:url(#f);width:400px;height:100px'></div><p>Words</p>"""
    seen = await capture(web.page("/filter", body))
    assert not seen.facts("screenshots")["text_legible"]
    assert coloured(picture_of(seen.files["screenshot-redacted.jpg"])) == 0


async def test_the_layout_has_neither_words_nor_pictures(capture, web):
    seen = await capture(web.page("/layout", f"<p>The lantern parcel</p>{SHOWN_BY['img']}"))
    drawing = seen.files["layout.svg"].decode()
    assert 'width="400" height="100"' in drawing
    assert not any(word in drawing for word in ("lantern", "m.png", "image", "href", "text>"))
    assert seen.facts("layout")["pictures"] == 1


async def test_a_page_that_scrolled_itself_is_shown_from_its_beginning(capture, web):
    tall = "<div style='height:1500px'></div>"
    body = f"<p>At the top</p>{tall}{SHOWN_BY['img']}{OVER}<p>End</p>{tall}<script>scrollTo(0, 1400)</script>"
    seen = await capture(web.page("/scrolled", body))
    plain, redacted = (picture_of(seen.files[name]) for name in ("screenshot.jpg", "screenshot-redacted.jpg"))
    assert coloured(plain) > 1_000
    assert coloured(redacted) == 0
    assert same(plain, redacted, (0, 0, 200, 40))
