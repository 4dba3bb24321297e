from __future__ import annotations

from sandbox.traffic import Traffic


def test_the_smallest_gap_is_kept_apart_for_each_host_and_kind_of_visitor() -> None:
    traffic = Traffic()
    for at in (10.0, 15.0, 15.5, 19.0):
        traffic.note("a.test", "Mozilla/5.0 (compatible; Haetae/0.1)", "/", at)
    traffic.note("a.test", "Mozilla/5.0 Chrome", "/style.css", 19.001)
    traffic.note("b.test", "Mozilla/5.0 (compatible; Haetae/0.1)", "/private/inbox", 19.002)
    seen = traffic.as_json()
    assert seen["a.test"]["crawler"] == {"requests": 4, "smallest_gap_s": 0.5, "disallowed": 0}
    assert seen["a.test"]["browser"] == {"requests": 1, "smallest_gap_s": None, "disallowed": 0}
    assert seen["b.test"]["crawler"] == {"requests": 1, "smallest_gap_s": None, "disallowed": 1}
    assert traffic.requests == 6
