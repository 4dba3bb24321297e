"""A removal check: the page and all that it showed, asked for by visitors who do not know each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.crawler.asking import Asker
from services.crawler.looks import settled
from services.crawler.removal import compared, judge_page, judge_picture, judge_video
from services.crawler.urls import host_of, path_of
from services.crawler.vantage import Guise, Vantage
from services.crawler.viewing import Tools, Viewer
from services.crawler.visit import Check, Checked
from shared.clock import Clock
from shared.events.values import Finding, Probe, ProbeOutcome

FOLLOWED = 3  # links of a page that only says it is gone: enough for its print view, little enough for politeness
STANDS_ELSEWHERE = frozenset({ProbeOutcome.SOFT_404, ProbeOutcome.REPLACED})  # perhaps


@dataclass(frozen=True)
class Checker:
    """`apart`: least time between two looks that have to agree before content is gone."""

    asker: Asker
    tools: Tools
    vantages: Sequence[Vantage]
    clock: Clock
    apart: timedelta

    async def check(self, check: Check) -> Checked:
        """One look. Raises `NotNow` when the page's host is to be left alone."""
        guises = (Guise(one, check.finding, check.watched, self.asker, self.clock) for one in self.vantages)
        looked = await asyncio.gather(*(_look(Viewer(guise, self.tools), check.finding) for guise in guises))
        probes = compared([probe for of_one in looked for probe in of_one])
        return settled(check, probes, self.clock.now(), self.apart)


async def _look(viewer: Viewer, finding: Finding) -> list[Probe]:
    looked = await viewer.page(finding.url)
    probes = [judge_page(answer, finding) for answer in looked.answers]
    follows = any(probe.outcome in STANDS_ELSEWHERE for probe in probes)
    # What has a fragment stands in the page itself, and was looked for there.
    for picture in finding.pictures:
        if "#" not in picture.url:
            probes.append(judge_picture(await viewer.picture(picture), picture))
    for video in finding.videos:
        if "#" not in video.url:
            probes.append(judge_video(await viewer.video(video), video))
    return [*probes, *(await _follow(viewer, looked.links, finding))] if follows else probes


async def _follow(viewer: Viewer, links: Sequence[str], finding: Finding) -> list[Probe]:
    """Where a page that only says it is gone leads to the content all the same."""
    near = [link for link in links if link != finding.url and host_of(link) == host_of(finding.url)]
    near.sort(key=lambda link: path_of(link) != path_of(finding.url))  # other views of the page itself first
    looked = [await viewer.page(link, closely=False) for link in near[:FOLLOWED]]
    probes = [judge_page(answer, finding) for one in looked for answer in one.answers]
    return [probe for probe in probes if probe.outcome is ProbeOutcome.PRESENT]
