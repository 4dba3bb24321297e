"""The compiled loops. Hashes are n × words of 64 bits; rows and queries are places, all distances are differing bits.

numba turns uint64 with int64 into a float: every number that meets a hash is made uint64 first, every count int64.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from services.classifier.hashes.index.compiling import compiled

END = np.uint32(0xFFFFFFFF)  # after the last row of a chain
BLOCK = 1024  # rows compared at once: 40 KB with their distances, near a core's first cache
# Up to so many queries are compared row by row (1.4 ns each): setting a block's words apart costs 4 ns a row, and then
# 0.3 ns a row and query.
FEW = 3

Array = NDArray[Any]


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def popcount(_: object, word: object) -> tuple[object, Callable[..., object]]:
    """The processor's count of set bits, which numpy's does not become inside compiled code."""
    return types.uint64(word), lambda _context, builder, _signature, arguments: builder.ctpop(arguments[0])


@intrinsic  # type: ignore[untyped-decorator]  # numba has no types
def release(_: object) -> tuple[object, Callable[..., object]]:
    """What was written before is seen by others before what is written after."""

    def fence(context, builder, _signature, _arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # as above
        builder.fence("release")
        return context.get_dummy_value()

    return types.void(), fence


@compiled
def permuted(hashes: Array, table: Array) -> Array:
    """`table`: what each value of each byte becomes (bytes × 256 × words)."""
    result = np.zeros_like(hashes)
    words = hashes.shape[1]
    for row in range(len(hashes)):
        for word in range(words):
            rest = hashes[row, word]
            for byte in range(8):
                value = rest & np.uint64(255)
                rest >>= np.uint64(8)
                for to in range(words):
                    result[row, to] |= table[word * 8 + byte, value, to]
    return result


@compiled
def bits_of(hashes: Array, row: int, first: int, width: int) -> np.uint64:
    """`width` bits from bit `first` on."""
    word, shift = first >> 6, first & 63
    value = hashes[row, word] >> np.uint64(shift)
    if shift + width > 64:
        value |= hashes[row, word + 1] << np.uint64(64 - shift)
    return np.uint64(value & ((np.uint64(1) << np.uint64(width)) - np.uint64(1)))


@compiled
def link(hashes: Array, begin: int, end: int, first: int, width: int, heads: Array, following: Array) -> None:
    """Put the rows `begin` … `end` - 1 in front of the chains of their values. Others may search meanwhile."""
    for row in range(begin, end):
        value = bits_of(hashes, row, first, width)
        following[row] = heads[value]
        release()
        heads[value] = row


@compiled
def distance(hashes: Array, row: int, queries: Array, query: int) -> np.int64:
    apart = np.int64(0)
    for word in range(hashes.shape[1]):
        apart += np.int64(popcount(hashes[row, word] ^ queries[query, word]))
    return apart


@compiled
def found_before(hashes: Array, row: int, queries: Array, query: int, number: int, shape: Array) -> bool:
    """Whether a band before `number` leads from this query to this row too."""
    for earlier in range(number):
        first, width = shape[earlier, 0], shape[earlier, 1]
        apart = bits_of(hashes, row, first, width) ^ bits_of(queries, query, first, width)
        if np.int64(popcount(apart)) <= shape[earlier, 2]:
            return True
    return False


@compiled
def probe(
    queries: Array,
    start: int,
    hashes: Array,
    thresholds: Array,
    rows: int,
    reach: int,
    number: int,
    shape: Array,
    heads: Array,
    following: Array,
    masks: Array,
    met: Array,
    most: int,
    out: Array,
) -> tuple[int, int]:
    """From query `start` on, each row below `rows` within its threshold that band `number` leads to, and no band before
    it, into `out` (query, row, distance). No threshold is above `reach`.

    `shape`: of each band its first bit, its width, and how many of its bits may differ; `masks`: what to combine a
    value of this band with; `met`: candidates of each query so far, beyond `most` it is given up. Returns what was
    found, and the query to go on with: the last one is done unless `out` is full.

    A pass over the chains reads the next row of each: they do not wait for one another, as following one chain after
    the other would.
    """
    work = np.empty(len(masks), np.uint32)
    found = 0
    for query in range(start, len(queries)):
        before, waiting = found, 0
        value = bits_of(queries, query, shape[number, 0], shape[number, 1])
        for mask in masks:
            row = heads[value ^ mask]
            work[waiting] = row
            waiting += row != END
        while waiting > 0 and met[query] <= most:
            met[query] += waiting
            left = 0
            for place in range(waiting):
                row = work[place]
                after = following[row]
                work[left] = after
                left += after != END
                if row >= rows:  # came while this search was on its way
                    continue
                apart = distance(hashes, row, queries, query)
                if apart > reach or apart > thresholds[row]:  # the first saves the look at the second
                    continue
                if found_before(hashes, row, queries, query, number, shape):
                    continue
                if found == len(out):
                    return before, query
                out[found, 0], out[found, 1], out[found, 2] = query, row, apart
                found += 1
            waiting = left
    return found, len(queries)


@compiled
def compare(
    queries: Array, hashes: Array, thresholds: Array, first: int, end: int, resume: int, out: Array
) -> tuple[int, int, int]:
    """Each row of `first` … `end` - 1 within its threshold of a query, into `out` (query, row, distance).

    Returns what was found, and the row and query to go on with: the row is `end` unless `out` is full. A block of rows
    meets all queries while it is in the cache, its words apart: so the processor takes eight at a time.
    """
    words = hashes.shape[1]
    columns = np.empty((words, BLOCK), np.uint64)
    within = np.empty(BLOCK, np.int64)
    apart = np.empty(BLOCK, np.int64)
    found = 0
    for begin in range(first, end, BLOCK):
        count = min(BLOCK, end - begin)
        within[:count] = thresholds[begin : begin + count]
        if len(queries) > FEW:
            for word in range(words):
                columns[word, :count] = hashes[begin : begin + count, word]
        for query in range(resume if begin == first else 0, len(queries)):
            if len(queries) > FEW:
                apart[:count] = 0
                for word in range(words):
                    asked = queries[query, word]
                    for place in range(count):
                        apart[place] += np.int64(popcount(columns[word, place] ^ asked))
            else:
                for place in range(count):
                    apart[place] = distance(hashes, begin + place, queries, query)
            near = 0
            for place in range(count):
                near += apart[place] <= within[place]
            if near == 0:
                continue
            if found + near > len(out):
                return found, begin, query
            for place in range(count):
                if apart[place] <= within[place]:
                    out[found, 0], out[found, 1], out[found, 2] = query, begin + place, apart[place]
                    found += 1
    return found, end, 0


@compiled
def places(numbers: Array, count: int, wanted: Array) -> Array:
    """Where among the first `count` numbers the wanted ones (sorted) stand."""
    found = np.empty(len(wanted), np.int64)
    met = 0
    for place in range(count):
        number = numbers[place]
        if number < wanted[0] or number > wanted[-1]:
            continue
        if wanted[np.searchsorted(wanted, number)] == number:
            if met == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            found[met] = place
            met += 1
    return found[:met].copy()
