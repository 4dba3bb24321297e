"""Which folder a command means by --home."""

import pytest

from haetae.saying import stack_of


@pytest.mark.parametrize(
    ("there", "meant"), [(["stack"], "stack"), ([], "."), ([".", "stack"], "."), (["other"], ".")], ids=str
)
def test_a_sandbox_is_found_by_its_own_folder_too(tmp_path, there, meant):
    for folder in there:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "secrets.json").write_text("{}")
    assert stack_of(tmp_path) == tmp_path / meant
