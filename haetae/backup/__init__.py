"""Backup and restore of an embedded home: what is kept (`bases`, `objects`, `escrow`), and how it comes back
(`restoring`, `continuing`, `proving`). The layout of an archive stands in `deploy/local/archive.py`."""
