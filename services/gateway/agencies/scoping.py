"""Whose rows are in sight: the setting that row-level security reads (migration 0034).

Handlers and background tasks see every agency's rows. A request sees those of the agency of whoever asks; while nobody
is known, accounts and sessions only, to find out who it is.
"""

from types import MappingProxyType

AGENCY = "haetae.agency"
HOME = "home"  # the agency of whoever runs this Haetae, made by the migration
EVERYTHING = MappingProxyType({AGENCY: "*"})
NOTHING = MappingProxyType({AGENCY: ""})
