"""numba as it is used here: compiled when first called, without the interpreter's lock, kept between starts."""

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The machine code is kept in `__pycache__`, in NUMBA_CACHE_DIR or in the user's cache directory, whichever can be
    written; where none can (a read-only image) each start compiles anew, which takes some seconds.

    numba looks only at the function's own file to see whether the kept code is stale: what calls one another must
    stand in one file.
    """
    try:
        return cast(F, njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba's "cannot cache function: no locator available"
        return cast(F, njit(nogil=True)(function))
