"""Faults that are planted into what an overlay renders, to see each of them found: a check that cannot fail is none."""
