"""Backup and restore of an embedded home: what is kept (`bases`, `objects`, `escrow`), whether it is whole
(`checking`), and how it comes back (`unsealing`, `restoring`, `continuing`, `proving`). The layout of an archive stands
in `deploy/local/archive.py`, what its files are sealed with in `deploy/local/sealed.py`."""
