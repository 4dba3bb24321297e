"""The command line in this process."""

from collections.abc import Callable

Haetae = Callable[..., tuple[int, str]]  # arguments to the status, and all that was printed
