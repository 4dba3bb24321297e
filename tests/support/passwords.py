"""Passwords of tests: hundreds are hashed, and one at a house's cost takes 0.15 s of CPU."""

from __future__ import annotations

import argon2

from services.gateway import accounts

OF_A_HOUSE = accounts._hasher


def hash_cheaply() -> None:
    """In this process, at the least cost that Argon2 knows. What a test starts pays what a house pays."""
    accounts._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
