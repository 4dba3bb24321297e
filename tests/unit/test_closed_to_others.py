"""A stack's folder that others could look into."""

from pathlib import Path

import pytest

from deploy.local.home import Home, HomeOpen


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_home_that_was_there_is_closed(tmp_path: Path) -> None:
    for name in ("empty", "used"):
        folder = tmp_path / name
        if name == "used":
            Home(folder).release()
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        Home(folder).release()
        assert mode(folder) == 0o700, name


def test_an_open_folder_of_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "letter").touch()
    folder.chmod(0o755)
    with pytest.raises(HomeOpen, match=r"others can look into .*desk.*--home.*chmod 700"):
        Home(folder)
    assert (mode(folder), [path.name for path in folder.iterdir()]) == (0o755, ["letter"])
    folder.chmod(0o700)
    Home(folder).release()


def test_somebody_elses_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(HomeOpen, match=r"another user.*--home"):
        Home(tmp_path)
