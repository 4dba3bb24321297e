"""Ordinary photographs to measure with.

By themselves there are those of Python packages that `make bench` installs (scikit-learn, scikit-image) and of three
Debian packages (`debian.py`). `DATA=FOLDER` gives one's own instead: at least sixty different ones.
"""

import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from benchmarks.photographs.debian import unpacked

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
LARGEST = 800  # pixels of the longer side: what pages show; larger ones only take longer
SMALLEST = 200
PYTHON = Path(sysconfig.get_path("purelib"))
# What these packages have besides is drawn, flat, or a second photograph of the same thing.
CHOSEN = """
sklearn/datasets/images/{china,flower}.jpg
skimage/data/{astronaut,camera,chelsea,coffee,coins,motorcycle_left}.png
skimage/data/rocket.jpg
backgrounds/mate/nature/{Aqua,Blinds,Dune,FreshFlower,Garden,GreenMeadow}.jpg
backgrounds/mate/nature/{LadyBird,RainDrops,Storm,TwoWings,Wood,YellowFlower}.jpg
doc/opencv-doc/examples/alphamat/input_images/plant.jpg
doc/opencv-doc/examples/data/{aero1,aero3,aloeL,apple,baboon,board,building,butterfly,ela_original,fruits,home}.jpg
doc/opencv-doc/examples/data/{left,left13,leuvenA,licenseplate_motion,messi5,orange,squirrel_cls,stuff}.jpg
doc/opencv-doc/examples/data/{basketball1,box,chicky_512,graf1,rubberwhale1}.png
doc/opencv-doc/examples/hfs/data/{000,001,002}.jpg
doc/opencv-doc/examples/reg/home.png
doc/opencv-doc/examples/text/{scenetext01,scenetext02,scenetext03,scenetext04,scenetext05,scenetext06}.jpg
doc/opencv-doc/examples/text/{scenetext_segmented_word01,scenetext_segmented_word04}.jpg
wallpapers/{Autumn,BytheWater,ColdRipple,ColorfulCups,DarkestHour,EveningGlow}/contents/images/2560x1600.jpg
wallpapers/{FallenLeaf,Kite,OneStandsOut,Path,summer_1am}/contents/images/2560x1600.jpg
"""


def photographs(folder: Path | None) -> list[Image.Image]:
    """RGB, at most `LARGEST` a side; what is no picture or too small is left out. `folder`: one's own; None: ours."""
    found = map(opened, _all_in(folder) if folder else _chosen((PYTHON, *filter(None, [unpacked()]))))
    return [photo for photo in found if photo and min(photo.size) >= SMALLEST]


def opened(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as file:
            file.draft("RGB", (LARGEST, LARGEST))
            photo = file.convert("RGB")
    except OSError:
        return None
    photo.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return photo


def _all_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file())


def _chosen(places: Sequence[Path]) -> list[Path]:
    names = [name for line in CHOSEN.split() for name in _each(line)]
    return [path for name in names for place in places if (path := place / name).is_file()]


def _each(pattern: str) -> Iterator[str]:
    """Names of a pattern with one {a,b,c}, as shells have it."""
    before, brace, rest = pattern.partition("{")
    if not brace:
        yield pattern
        return
    names, _, after = rest.partition("}")
    yield from (f"{before}{name}{after}" for name in names.split(","))
