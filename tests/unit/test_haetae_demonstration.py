"""A run ends, whatever stays away."""

import json
import random

import pytest

from deploy.local.ports import RANDOM_PORTS, Ports
from deploy.local.supervisor import StackFailed
from haetae.demonstration import Demonstration, Options
from haetae.sandbox import SandboxProcess


async def test_a_run_whose_sandbox_never_answers_again_ends_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "ready").write_text(json.dumps({"control_port": Ports(random.Random()).claim([], RANDOM_PORTS)}))
    run = Demonstration(Options(tmp_path, tmp_path), lambda _: None, lambda *_: None)
    run.sandbox = SandboxProcess(tmp_path, seed=1, scale=0.1, mail_api="unused")
    monkeypatch.setattr("haetae.demonstration.STALLED_S", 0.0)
    with pytest.raises(StackFailed, match="no answer: ConnectError"):
        await run.watch()
    await run.sandbox.close()
