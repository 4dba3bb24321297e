"""A small synthetic internet on loopback addresses: seeded, harmless, with its own truth table."""

from sandbox.running import Sandbox

__all__ = ["Sandbox"]
