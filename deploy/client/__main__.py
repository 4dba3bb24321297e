"""`python -m deploy.client FOLDER`: what `make client` builds a wheel from."""

import sys
from pathlib import Path

from deploy.client.making import make

if __name__ == "__main__":
    print(make(Path(sys.argv[1])))  # noqa: T201  # a command
