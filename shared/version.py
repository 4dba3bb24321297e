"""Which Haetae this is: a constant, because an image has the code without the package's metadata."""

VERSION = "0.1.0"
# The revision of the database (`migrations/versions`) that this code needs; a newer one does it no harm.
SCHEMA = "0048"
