"""How a service begins."""

import subprocess
import sys

SEEN = """
import gc
from shared import service

def main(app, settings):
    print(app.__module__, settings.__module__, gc.isenabled(), gc.get_freeze_count() > 0)

service.main = main
service.start("services.drafter")
"""


def test_what_is_imported_is_never_looked_through_and_what_comes_later_is():
    said = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["services.drafter.app", "services.drafter.settings", "True", "True"]
