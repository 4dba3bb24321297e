"""A removal check: the page and all that it showed, asked for by visitors who do not know each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.crawler.looks import settled
from services.crawler.removal import compared, judge_page, judge_picture, judge_video
from services.crawler.urls import host_of, path_of
from services.crawler.vantage import Viewer
from services.crawler.visit import Check, Checked, Watched
from shared.clock import Clock
from shared.events.values import Finding, Probe, ProbeOutcome

FOLLOWED = 3  # links of a page that only says it is gone: enough for its print view, little enough for politeness
NOT_PRESENT = frozenset({ProbeOutcome.SOFT_404, ProbeOutcome.REPLACED})


@dataclass(frozen=True)
class Checker:
    """`apart`: least time between two looks that have to agree before content is gone."""

    viewers: Sequence[Viewer]
    clock: Clock
    apart: timedelta

    async def check(self, check: Check) -> Checked:
        """One look. Raises `NotNow` when the page's host is to be left alone."""
        by_viewer = await asyncio.gather(*(_look(viewer, check.finding, check.watched) for viewer in self.viewers))
        probes = compared([probe for probes in by_viewer for probe in probes])
        return settled(check, probes, self.clock.now(), self.apart)


async def _look(viewer: Viewer, finding: Finding, watched: Watched | None) -> list[Probe]:
    looked = await viewer.page(finding.url, finding, watched)
    probes = [judge_page(answer, finding) for answer in looked.answers]
    for picture in finding.pictures:
        if "#" not in picture.url:  # else it stands in the page itself, and was looked for there
            probes.append(judge_picture(await viewer.picture(picture, finding, watched), picture))
    for video in finding.videos:
        if "#" not in video.url:
            probes.append(judge_video(await viewer.video(video, finding, watched), video))
    if any(probe.outcome in NOT_PRESENT for probe in probes[: len(looked.answers)]):
        probes += await _follow(viewer, looked.links, finding, watched)
    return probes


async def _follow(viewer: Viewer, links: Sequence[str], finding: Finding, watched: Watched | None) -> list[Probe]:
    """Where a page that only says it is gone leads to the content all the same."""
    near = [link for link in links if link != finding.url and host_of(link) == host_of(finding.url)]
    near.sort(key=lambda link: path_of(link) != path_of(finding.url))  # other views of the page itself first
    looked = [await viewer.page(link, finding, watched, closely=False) for link in near[:FOLLOWED]]
    probes = [judge_page(answer, finding) for one in looked for answer in one.answers]
    return [probe for probe in probes if probe.outcome is ProbeOutcome.PRESENT]
