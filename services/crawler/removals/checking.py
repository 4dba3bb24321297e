"""A removal check: the page and all that it showed, asked for by visitors who do not know each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from services.crawler.frontier.pacing import NotNow
from services.crawler.removals.looks import settled
from services.crawler.removals.removal import compared, judge_page, judge_picture, judge_video, least_favourable
from services.crawler.removals.vantage import Guise, Vantage
from services.crawler.removals.viewing import Tools, Viewer
from services.crawler.visit import Check, Checked
from services.crawler.visits.asking import Asker
from shared.clock import Clock
from shared.events.values import Finding, Probe, ProbeOutcome
from shared.urls import host_of, path_of

# Of a page's frames, and the links of one that only says it is gone: enough for its print view, and still polite.
FOLLOWED = 3
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
        """One look. Raises `NotNow` when the page's host is to be left alone before anything can be said of it."""
        guises = (Guise(one, check.finding, check.watched, self.asker, self.clock) for one in self.vantages)
        looked = await asyncio.gather(*(_look(Viewer(guise, self.tools), check.finding) for guise in guises))
        probes = compared([probe for of_one in looked if not isinstance(of_one, NotNow) for probe in of_one])
        wait = next((one for one in looked if isinstance(one, NotNow)), None)
        # One visitor alone proves no removal, but a wall: else who always says "in an hour" is never checked.
        if wait and (not probes or least_favourable(probes) is ProbeOutcome.GONE):
            raise wait
        return settled(check, probes, self.clock.now(), self.apart)


async def _look(viewer: Viewer, finding: Finding) -> list[Probe] | NotNow:
    try:
        looked = await viewer.page(finding.url)
    except NotNow as wait:
        return wait
    probes = [judge_page(answer, finding) for answer in looked.answers]
    onward = [address for answer in looked.answers for address in answer.inside]
    onward += _links_on(looked.links, finding.url, {probe.outcome for probe in probes})
    # What has a fragment stands in the page itself, and was looked for there.
    for picture in finding.pictures:
        if "#" not in picture.url:
            probes.append(judge_picture(await viewer.picture(picture), picture))
    for video in finding.videos:
        if "#" not in video.url:
            probes.append(judge_video(await viewer.video(video), video))
    return [*probes, *(await _follow(viewer, onward, finding))]


def _links_on(links: Sequence[str], url: str, seen: set[ProbeOutcome]) -> list[str]:
    """Of a page that only says it is gone: other views of the page itself (its print view, the one behind "yes, I am of
    age"), and where its status does not say so too, further pages of the host behind them."""
    near = [link for link in links if host_of(link) == host_of(url)]
    if seen & STANDS_ELSEWHERE:
        return sorted(near, key=lambda link: path_of(link) != path_of(url))
    return [link for link in near if _is_view(link, url)] if ProbeOutcome.GONE in seen else []


def _is_view(link: str, url: str) -> bool:
    """Of the same page: with all that the address asks for, and something more. Boards have one path for all posts."""
    asked, here = (set(urlsplit(one).query.split("&")) - {""} for one in (link, url))
    return path_of(link) == path_of(url) and asked > here


async def _follow(viewer: Viewer, onward: Sequence[str], finding: Finding) -> list[Probe]:
    """Where the page leads to the content all the same."""
    others = [address for address in dict.fromkeys(onward) if address != finding.url][:FOLLOWED]
    looked = [await viewer.page(address, closely=False) for address in others]
    probes = [judge_page(answer, finding) for one in looked for answer in one.answers]
    return [probe for probe in probes if probe.outcome is ProbeOutcome.PRESENT]
