"""The collector of reference cycles stands everything still while it looks through all objects: with ten thousand open
pages 2.5 s, every twenty seconds (measured, CPython 3.11). What has lived for a while is therefore taken out of its
sight (`gc.freeze`); once an hour it looks through everything after all, for cycles among what was taken out."""

import gc

FREEZE_EVERY_S = 5.0  # by then little is new: looking through it takes some 0.1 s
WHOLE_EVERY_S = 3600.0
MANY = 1_000  # listeners: with fewer the collector is quick enough as it is


class Memory:
    """To be told regularly how many listen, and what time it is (seconds, monotonic)."""

    def __init__(self, now: float) -> None:
        self._froze = self._whole = now

    def tend(self, listeners: int, now: float) -> None:
        if now - self._whole >= WHOLE_EVERY_S and gc.get_freeze_count():
            gc.unfreeze()
            gc.collect()
            self._whole = self._froze = now
        if listeners >= MANY and now - self._froze >= FREEZE_EVERY_S:
            gc.collect(1)  # what is young and in cycles already is not kept for an hour
            gc.freeze()
            self._froze = now
