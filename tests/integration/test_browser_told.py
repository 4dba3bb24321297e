"""What a page could read that takes the browser over: nothing of what its service was told."""

from pathlib import Path

from shared.browser.chromium import find_chromium
from shared.browser.instance import Instance
from shared.browser.processes import tree

SECRETS = {
    "HAETAE_MASTER_KEY": "the key of every key",
    "HAETAE_DATABASE_URL": "postgresql://evidence:password@127.0.0.1/haetae",
    "PGPASSWORD": "another password",
    "AWS_SECRET_ACCESS_KEY": "a key of the store",
}


def of(pid: int, what: str) -> bytes:
    return Path(f"/proc/{pid}/{what}").read_bytes()


async def test_no_process_of_the_browser_is_told_a_secret_of_the_service(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    browser = await Instance.start(find_chromium(None))
    try:
        page = await browser.browser.new_page()
        await page.set_content("<p>The lantern parcel</p>")
        pids = [process.pid for process in tree(browser._pid)]
        assert len(pids) > 1
        told = b"\0".join(of(pid, "environ") for pid in pids)
        assert b"PATH=" in told
        assert [name for name, value in SECRETS.items() if name.encode() in told or value.encode() in told] == []
        # A dump of its memory would hold what it shows.
        assert all(b"Max core file size        0 " in of(pid, "limits") for pid in pids)
    finally:
        await browser.stop()
