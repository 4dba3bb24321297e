"""Kubernetes' amounts (resource.Quantity) as numbers: `250m`, `1536Mi`, `2`."""

UNITS = {
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


def amount(text: str | float) -> float:
    """Raises ValueError for what is none."""
    written = str(text)
    number = written.rstrip("mkMGTKi")
    unit = written[len(number) :]
    if unit not in UNITS:
        raise ValueError(f"{written!r} is no amount: write 250m, 512Mi or 2")
    return float(number) * UNITS[unit]
