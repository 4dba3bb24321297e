"""Which Haetae this is: a constant, because an image has the code without the package's metadata."""

VERSION = "0.1.0"
