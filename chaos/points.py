"""The points between two steps of a service at which it may be told to die."""

# Of a transaction: begun, its handler through, before COMMIT, after it. Of the broker: before records are produced,
# after; before offsets are committed, after.
POINTS = ("begun", "handled", "committing", "committed", "producing", "produced", "offsetting", "offset")
