"""Does anything of these bytes lie anywhere? In buckets, tables, files, as they are or as text."""

import base64
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local.access import libpq_url
from deploy.local.buckets import S3Address

PIECE = 24  # bytes; what agrees in so many is no coincidence
EVERY = 512  # bytes between the pieces that are looked for


def pieces(*bodies: bytes) -> Iterator[bytes]:
    """Pieces of the bodies as they could be found again: raw, in base64 at each offset, in hexadecimal."""
    for body in bodies:
        for start in range(0, len(body) - PIECE, EVERY):
            piece = body[start : start + PIECE]
            if len(set(piece)) > PIECE // 2:  # not a run of zeros, which is everywhere
                yield piece
                yield piece.hex().encode()
                yield from (base64.b64encode(piece[skipped:])[4:-4] for skipped in range(3))


def objects(s3: S3Address) -> dict[str, bytes]:
    client = s3.client()
    return {
        f"{bucket.name}/{one.object_name}": client.get_object(bucket.name, str(one.object_name)).read()
        for bucket in client.list_buckets()
        if bucket.name.startswith(s3.prefix)
        for one in client.list_objects(bucket.name, recursive=True)
    }


def tables(url: str) -> bytes:
    with psycopg.connect(libpq_url(url)) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        out = []
        for name in names:
            everything = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(*name))
            with connection.cursor().copy(everything) as rows:
                out += [bytes(row) for row in rows]
    return b"".join(out)


def files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
