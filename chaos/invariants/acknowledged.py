"""What was acknowledged to somebody outside is there, once."""

from chaos.invariants.seen import Seen

REPORTS = """
    SELECT r.number, p.url, p.case_id, p.problem, c.case_id IS NOT NULL AS there
    FROM gateway.reports r LEFT JOIN gateway.reported_pages p USING (report_id)
    LEFT JOIN gateway.cases c ON c.case_id = p.case_id
"""
DOUBLE = "SELECT url, count(*) AS times FROM gateway.cases WHERE url IS NOT NULL GROUP BY url HAVING count(*) > 1"


async def one_case_each(seen: Seen) -> list[str]:
    """Each acknowledged report is exactly one case, or its sender is told why there is none."""
    pages: dict[str, list[tuple[str | None, str | None, bool]]] = {}
    for row in await seen.rows(REPORTS):
        pages.setdefault(row.number, []).append((row.url, row.problem, row.there))
    said = []
    for line in seen.history("report"):
        name = f"report {line.data['number']} of {line.data['url']}"
        if (kept := pages.get(str(line.data["number"]).replace("-", ""))) is None:
            said.append(f"{name} was acknowledged at {line.at:%H:%M:%S} and is not there")
            continue
        if len(kept) != 1:
            said.append(f"{name} has {len(kept)} pages")
        said += [f"{name}: {url} is no case" for url, problem, there in kept if not there and not problem]
    return said + [f"{row.url} is {row.times} cases" for row in await seen.rows(DOUBLE)]


async def approvals_kept(seen: Seen) -> list[str]:
    """Each acknowledged approval was told to those who act on it."""
    given = [event for event in await seen.decisions() if event.approved]
    cases = {str(event.case_id) for event in given}
    notices = {str(notice.notice_id) for event in given for notice in event.approved}
    said = []
    for line in seen.history("approval"):
        case, notice = str(line.data["case"]), line.data.get("notice")
        if case not in cases:
            said.append(f"the approval of case {case} at {line.at:%H:%M:%S} is not in review.decided")
        elif notice and str(notice) not in notices:
            said.append(f"the approval of notice {notice} of case {case} is not in review.decided")
    return said
