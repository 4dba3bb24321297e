"""The small files that every site has: style sheet, icon, robots.txt, sitemap."""

import io
from hashlib import sha256
from html import escape

from PIL import Image

from sandbox.model import Host, Kind
from sandbox.pages.layout import CLOSED_TO_ROBOTS, View

HAS_SITEMAP = (Kind.GALLERY, Kind.FEED)


def hue(host: Host) -> int:
    """The site's colour, 0 … 359, from its name."""
    return int.from_bytes(sha256(host.name.encode()).digest()[:2], "big") % 360


def style_css(host: Host) -> str:
    h = hue(host)
    return (
        f"body{{margin:0;font:16px/1.6 sans-serif;color:#222;background:hsl({h},20%,97%)}}\n"
        f"header{{display:flex;justify-content:space-between;padding:12px 24px;background:hsl({h},45%,32%)}}\n"
        "header a{color:#fff;text-decoration:none;margin-left:12px}.brand{font-weight:bold;margin:0}\n"
        "main{max-width:860px;margin:24px auto;padding:16px 24px;background:#fff;border:1px solid #ddd}\n"
        f"a{{color:hsl({h},60%,35%)}}h1{{font-size:1.5em;margin:.2em 0}}h2{{font-size:1.1em}}\n"
        "table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:6px;border-bottom:1px solid #eee}\n"
        "figure{margin:12px 0}figure img{max-width:100%;height:auto}.byline,small,time{color:#777;font-size:.85em}\n"
        ".grid{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,180px);gap:14px}\n"
        ".grid img{width:180px;height:135px;object-fit:cover;display:block}.grid span{font-size:.85em}\n"
        ".replies{border-top:1px solid #ddd;margin-top:16px}.replies p{margin:2px 0 10px}\n"
        ".log{list-style:none;padding:0}.log li{padding:3px 0}.notice{padding:48px;text-align:center;color:#666}\n"
        ".paging{display:flex;justify-content:space-between;margin-top:16px}footer{max-width:860px;margin:auto;"
        "padding:8px 24px 32px;font-size:.85em}footer ul{list-style:none;padding:0;display:flex;gap:16px}\n"
    )


def favicon(host: Host) -> bytes:
    out = io.BytesIO()
    Image.new("HSV", (16, 16), (hue(host) * 255 // 360, 140, 150)).convert("RGB").save(out, "PNG")
    return out.getvalue()


def robots_txt(view: View) -> str:
    sitemap = f"Sitemap: {view.url('/sitemap.xml')}\n" if view.host.kind in HAS_SITEMAP else ""
    return f"User-agent: *\nDisallow: {CLOSED_TO_ROBOTS}\n{sitemap}"


def sitemap_xml(view: View) -> str:
    rows = "".join(
        f"<url><loc>{escape(view.url(post.path))}</loc>"
        f"<lastmod>{post.published_at:%Y-%m-%dT%H:%M:%SZ}</lastmod></url>\n"
        for post in view.posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )
