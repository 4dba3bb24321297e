"""Interleavings: the real handlers of notifier and gateway on real PostgreSQL, one step at a time, in an order that a
seed decides, with deaths wherever a process can die. What must hold afterwards stands in `invariants`."""
