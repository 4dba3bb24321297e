"""A table as CSV (RFC 4180, UTF-8 with a mark that spreadsheets know it by). Pure.

Names of recipients come from outside: a value that a spreadsheet would take for a formula gets an apostrophe before it
(OWASP, CSV injection).
"""

import csv
import io

from services.gateway.figures.tables import Cell, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([[plain(value) for value in row] for row in table.rows])
    return "\ufeff" + out.getvalue()


def plain(value: Cell) -> str:
    """Numbers with a point and without groups, as programs read them."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.1f}"
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
