"""Memory of large arrays, which goes back to the system when they go."""

import math
import mmap
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MAPPED_FROM = 1 << 20  # bytes; smaller ones are the allocator's, which keeps what it had: with larger ones 300 MB


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Like numpy's. Pages that nothing was written to take no memory."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < MAPPED_FROM:
        return np.empty(shape, dtype)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):  # Linux: one entry for two megabytes, where every look would miss smaller ones
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype).reshape(shape)
