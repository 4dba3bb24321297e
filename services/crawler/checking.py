"""A removal check: the page and every picture, asked for by two visitors who do not know each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.crawler.asking import Asker
from services.crawler.charset import decode
from services.crawler.picture_box import PictureBox
from services.crawler.reading import picture_links, read_html, visible_text
from services.crawler.removal import Answer, compared, judge_page, judge_picture, least_favourable
from services.crawler.urls import host_of, path_of
from services.crawler.visit import Check, Checked
from shared.clock import Clock
from shared.events.values import Finding, Picture, Probe, ProbeOutcome
from shared.failures import Failure

REDIRECTS = 5
FOLLOWED = 3  # links of a page that only says it is gone: enough for its print view, little enough for politeness
FRESH = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}  # no cache may answer for the server


@dataclass(frozen=True)
class Vantage:
    name: str
    user_agent: str


@dataclass(frozen=True)
class Checker:
    """robots.txt does not apply: the agency looks whether a notice was followed, it does not crawl."""

    asker: Asker
    pictures: PictureBox
    clock: Clock
    vantages: Sequence[Vantage]
    max_picture_bytes: int

    async def check(self, check: Check) -> Checked:
        by_vantage = await asyncio.gather(*(self._look(check.finding, vantage) for vantage in self.vantages))
        probes = compared([probe for probes in by_vantage for probe in probes])
        return Checked(check, least_favourable(probes), probes, self.clock.now())

    async def _look(self, finding: Finding, vantage: Vantage) -> list[Probe]:
        answer = await self._page(finding.url, vantage, finding)
        probes = [judge_page(answer, finding)]
        for picture in finding.pictures:
            probes.append(judge_picture(await self._picture(picture, vantage, finding), picture))
        if probes[0].outcome is ProbeOutcome.SOFT_404:
            probes += await self._follow(answer, vantage, finding)
        return probes

    async def _follow(self, tombstone: Answer, vantage: Vantage, finding: Finding) -> list[Probe]:
        """Where a page that only says it is gone leads to the content all the same."""
        links = read_html(tombstone.source, finding.url).links
        near = [link for link in links if link != finding.url and host_of(link) == host_of(finding.url)]
        near.sort(key=lambda link: path_of(link) != path_of(finding.url))  # other views of the page itself first
        probes = [judge_page(await self._page(link, vantage, finding), finding) for link in near[:FOLLOWED]]
        return [probe for probe in probes if probe.outcome is ProbeOutcome.PRESENT]

    async def _page(self, url: str, vantage: Vantage, finding: Finding) -> Answer:
        try:
            got = await self.asker.get(
                url, user_agent=vantage.user_agent, headers=_headers(finding), redirects=REDIRECTS
            )
        except Failure as failure:
            return Answer(url, vantage.name, None, str(failure))
        source = decode(got.body, got.headers.get("content-type", ""), finding.language)
        shown = picture_links(source, got.final_url)
        return Answer(url, vantage.name, got.status, "", visible_text(source), source, shown)

    async def _picture(self, picture: Picture, vantage: Vantage, finding: Finding) -> Answer:
        try:
            got = await self.asker.get(
                picture.url,
                user_agent=vantage.user_agent,
                headers=_headers(finding),
                max_bytes=self.max_picture_bytes,
                redirects=REDIRECTS,
            )
        except Failure as failure:
            return Answer(picture.url, vantage.name, None, str(failure))
        return Answer(
            picture.url, vantage.name, got.status, picture=await self.pictures.describe(picture.url, got.body)
        )


def _headers(finding: Finding) -> dict[str, str]:
    """As a visitor of the site's own language asks: some sites remove for foreigners only."""
    return {**FRESH, "Accept-Language": f"{finding.language or 'en'},en;q=0.5"}
