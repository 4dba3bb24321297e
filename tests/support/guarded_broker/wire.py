"""Kafka's frames, headers and messages, by `kio` (generated from Apache Kafka's own message files)."""

from __future__ import annotations

import asyncio
import io
import struct
from dataclasses import MISSING, dataclass, fields
from datetime import timedelta
from typing import Any, get_args, get_origin

from kio.index import load_request_schema, load_response_schema
from kio.schema.errors import ErrorCode
from kio.schema.index import api_key_map
from kio.serial import entity_reader, entity_writer

MAX_FRAME = 16 * 1024 * 1024
ZEROS: dict[str, object] = {"string": "", "bytes": b"", "records": b"", "bool": False, "error_code": ErrorCode.none}


@dataclass(frozen=True)
class Request:
    api: str
    key: int
    version: int
    correlation: int
    client: str | None
    body: Any
    frame: bytes


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Raises `EOFError` at the end, `ValueError` for one that is too long."""
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    if not 0 <= size <= MAX_FRAME:
        raise ValueError(f"a frame of {size} bytes")
    return await reader.readexactly(size)


def write_frame(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)


def parse(frame: bytes) -> Request:
    """Raises `KeyError` for an API or version that there is none of, `ValueError` for what is no message."""
    key, version = struct.unpack_from(">hh", frame)
    api = api_key_map[key]
    schema = load_request_schema(key, version)
    header, size = entity_reader(schema.__header_schema__)(frame, 0)
    body, _ = entity_reader(schema)(frame, size)
    return Request(api, key, version, header.correlation_id, header.client_id, body, frame)


def asked_again(request: Request, body: Any) -> bytes:
    """The same request with another body."""
    schema = type(body)
    header = schema.__header_schema__(
        request_api_key=request.key,
        request_api_version=request.version,
        correlation_id=request.correlation,
        client_id=request.client,
    )
    return _written(header) + _written(body)


def answer_schema(request: Request) -> Any:
    return load_response_schema(request.key, request.version)


def answered(request: Request, frame: bytes) -> Any:
    schema = answer_schema(request)
    _, size = entity_reader(schema.__header_schema__)(frame, 0)
    return entity_reader(schema)(frame, size)[0]


def answering(request: Request, body: Any) -> bytes:
    return _written(type(body).__header_schema__(correlation_id=request.correlation)) + _written(body)


def made(schema: Any, **given: object) -> Any:
    """A message of which only this is said: the rest is its default, or nothing."""
    said = {one.name: _nothing(one) for one in fields(schema) if one.default is MISSING}
    known = {one.name for one in fields(schema)}
    return schema(**said | {name: value for name, value in given.items() if name in known})


def part(schema: Any, name: str) -> Any:
    """The type of the entries of a field."""
    (one,) = [one for one in fields(schema) if one.name == name]
    listed = next(kind for kind in (one.type, *get_args(one.type)) if get_origin(kind) is tuple)  # which may be null
    return get_args(listed)[0]


def _nothing(one: Any) -> object:
    kind: str = one.metadata.get("kafka_type", "")
    if kind.startswith("timedelta"):
        return timedelta(0)
    return ZEROS.get(kind, 0 if kind else ())


def _written(entity: Any) -> bytes:
    buffer = io.BytesIO()
    entity_writer(type(entity))(buffer, entity)
    return buffer.getvalue()
