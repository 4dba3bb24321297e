"""A leak is told by its name; noise, a collector's saw-tooth and a slow beginning are none."""

from __future__ import annotations

import subprocess
import sys
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.soak.judging import judged
from chaos.soak.plot import drawn
from chaos.soak.run import Sample, Soaked
from chaos.soak.sampling import Held, held
from chaos.soak.trend import trend

HOURS = [n / 360 for n in range(360)]


def noisy(median: float, grows: float = 0.0, seed: int = 1) -> list[float]:
    rng = Random(seed)
    return [median + grows * hour + rng.gauss(0, median / 100) for hour in HOURS]


def saw_tooth(median: float) -> list[float]:
    return [median * (0.98 + 0.04 * (n % 40) / 40) for n in range(len(HOURS))]


def warms_up(median: float) -> list[float]:
    return [median * min(1.0, 0.5 + hour * 4) for hour in HOURS]


@pytest.mark.parametrize(
    "values", [noisy(400), saw_tooth(400), warms_up(400), [400.0] * 360, noisy(400, -50), noisy(3)]
)
def test_what_does_not_grow_is_flat(values: list[float]) -> None:
    assert trend(HOURS, values, 2.0).growth == "flat"


@pytest.mark.parametrize(
    "values", [noisy(400, 20), noisy(100, 6), [v + 30 * h for v, h in zip(saw_tooth(300), HOURS, strict=True)]]
)
def test_what_grows_is_not(values: list[float]) -> None:
    assert trend(HOURS, values, 2.0).growth == "grows"


def test_what_is_too_noisy_is_not_called_flat() -> None:
    rng = Random(2)
    wild = [400 + rng.uniform(-300, 300) for _ in HOURS]
    assert trend(HOURS, wild, 2.0).growth == "cannot be told"


@given(slope=st.floats(-100, 100), start=st.floats(200, 1000))
def test_the_slope_of_a_line_is_its_own(slope: float, start: float) -> None:
    found = trend(HOURS, [start + slope * hour for hour in HOURS], 2.0)
    assert found.slope == pytest.approx(slope, abs=1e-6)
    assert found.at_least <= found.slope <= found.at_most


def test_too_few_samples_are_named() -> None:
    with pytest.raises(ValueError, match="samples: 1 minutes after the warm-up are too few"):
        trend(HOURS[:6], [1.0] * 6, 2.0)


def soaked(grows: float = 0.0, waits: int = 0, slower: float = 0.0, files: float = 0.0) -> Soaked:
    def one(place: int) -> Sample:
        holds = {"memory_mb": memory[place], "files": round(40 + files * HOURS[place]), "threads": 4}
        waiting = {"notifier lag": waits * place // len(HOURS), "crawler lag": place % 3}
        return Sample(
            HOURS[place], {"notifier": Held(**holds), "crawler": Held(200.0, 30, 3)}, waiting, {"tables": 20.0}
        )

    memory = noisy(120, grows)
    took = [1.0 + slower * n / 600 for n in range(600)]
    return Soaked([one(n) for n in range(len(HOURS))], took, 600, 300)


@pytest.mark.parametrize(
    ("house", "told"),
    [
        ({"grows": 10.0}, "notifier grows: +"),
        ({"waits": 60}, "notifier lag grows: +"),
        ({"waits": 900}, "records waited"),
        ({"slower": 3.0}, "found to drafted"),
        ({"files": 20.0}, "open files"),
    ],
)
def test_what_grows_is_told_by_its_name(house: dict[str, float], told: str) -> None:
    assert judged(soaked()).grows == []
    grows = judged(soaked(**house)).grows  # type: ignore[arg-type]  # by name
    assert any(told in line for line in grows), grows
    assert not any("crawler" in line for line in grows)


def test_a_process_is_counted_with_its_children() -> None:
    child = "b = bytearray(60 << 20); print(len(b), flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        found = held({"parent": process.pid, "gone": 2**22 - 1})
        assert found["parent"].memory_mb > 60
        assert found["parent"].threads >= 2
        process.communicate(b"\n")
    assert "gone" not in found


def test_a_drawing_names_its_lines_and_is_well_formed() -> None:
    picture = drawn("Memory <MB>", [0.0, 30.0, 60.0], {"notifier": [1.0, 2.0, 3.0], "a & b": [3.0, 3.0, 3.0]})
    texts = [one.text for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert {"Memory <MB>", "notifier", "a & b", "60 min"} <= {*texts}
