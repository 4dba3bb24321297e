"""Fuzz: what reads bytes of strangers, on inputs that a seed makes out of good ones. Nothing but named errors."""
