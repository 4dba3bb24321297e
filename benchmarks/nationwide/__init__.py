"""The stages between a finding and its draft as queues: what the figure `nation` simulates, and what `scaling` is held
against."""
