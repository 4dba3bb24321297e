"""Time stamps (RFC 3161): each covers the seal, or the authority's stamp before it, and leads to a root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate, NameOID, load_der_x509_certificate, load_pem_x509_certificates
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from haetae_verify.canonical import moment
from haetae_verify.shape import Shape, document
from haetae_verify.source import Source, small
from haetae_verify.wrong import Unreadable, Wrong

NAME, FORMAT = "stamps.json", "haetae-stamps/1"
SEAL = "seal.json"
# An authority may say whole seconds only, and the agency's clock is the agency's: what differs by less is no lie.
CLOCKS = timedelta(minutes=5)


@dataclass(frozen=True)
class Stamp:
    """A time stamp that is right. `signer`: who the authority says it is; `valid_until`: its certificate's end."""

    number: int
    authority: str
    covers: str
    file: str
    at: datetime
    signer: str
    valid_until: datetime


@dataclass(frozen=True)
class _Listed:
    number: int
    authority: str
    covers: str
    file: str
    at: datetime


def check_stamps(source: Source, case_id: str, sealed_at: datetime, roots: Sequence[Certificate]) -> tuple[Stamp, ...]:
    """`roots`: whom the reader trusts; none: the roots that lie in the bundle. Raises `Wrong`."""
    stamps: list[Stamp] = []
    earliest = {SEAL: sealed_at}
    shape = document(NAME, small(source, NAME), FORMAT)
    if shape.text("case_id") != case_id:
        raise Wrong(NAME, "case", other=shape.text("case_id"), case=case_id)
    for listed in _listed(shape):
        trusted = roots or certificates(root_name(listed.authority), small(source, root_name(listed.authority)))
        stamp = _check(listed, small(source, listed.file), small(source, listed.covers), trusted)
        if stamp.at < earliest[listed.covers] - CLOCKS:
            raise Wrong(listed.file, "stamp-early", at=moment(stamp.at), covers=listed.covers)
        if abs(stamp.at - listed.at) > CLOCKS:
            raise Wrong(NAME, "stamp-time", number=listed.number, listed=moment(listed.at), at=moment(stamp.at))
        earliest[listed.file] = stamp.at
        stamps.append(stamp)
    return tuple(stamps)


def root_name(authority: str) -> str:
    return f"authority-{authority}.pem"


def trusted(files: Sequence[Path]) -> list[Certificate]:
    """The roots that the reader names. Raises `Unreadable`."""
    found = []
    for file in files:
        try:
            found += certificates(file.name, file.read_bytes())
        except (OSError, Wrong) as error:
            raise Unreadable(file.name, "pem", why=error) from error
    return found


def certificates(part: str, pem: bytes) -> list[Certificate]:
    """Raises `Wrong`."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise Wrong(part, "pem", why=error) from error


def _listed(shape: Shape) -> list[_Listed]:
    found: dict[str, _Listed] = {}
    for number, item in enumerate(shape.objects("stamps"), 1):
        listed = _Listed(
            item.number("number"), item.text("authority"), item.text("covers"), item.text("file"), item.moment("at")
        )
        former = found.get(listed.covers)
        follows = listed.covers == SEAL or (former is not None and former.authority == listed.authority)
        if listed.number != number or listed.file != f"stamp-{number}.tsr" or not follows:
            raise Wrong(NAME, "stamp-listed", number=number)
        found[listed.file] = listed
    return list(found.values())


def _check(listed: _Listed, response: bytes, covered: bytes, roots: Sequence[Certificate]) -> Stamp:
    try:
        decoded = decode_timestamp_response(response)
        VerifierBuilder(roots=list(roots)).build().verify_message(decoded, covered)
        signer = _signer(decoded)
        return Stamp(
            **vars(listed) | {"at": decoded.tst_info.gen_time.astimezone(UTC)},
            signer=_called(signer),
            valid_until=signer.not_valid_after_utc,
        )
    except (VerificationError, ValueError, TypeError, OverflowError) as error:
        raise Wrong(listed.file, "stamp", authority=listed.authority, covers=listed.covers, why=error) from error


def _signer(response: TimeStampResponse) -> Certificate:
    signed = response.signed_data
    info = next(iter(signed.signer_infos))
    for certificate in map(load_der_x509_certificate, signed.certificates):
        if (certificate.issuer, certificate.serial_number) == (info.issuer, info.serial_number):
            return certificate
    raise ValueError("it does not hold the certificate that signed it")


def _called(certificate: Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def weak(stamps: Sequence[Stamp], now: datetime) -> list[str]:
    """Authorities whose newest stamp no longer stands by itself: its certificate ended and no stamp renewed it."""
    newest: Mapping[str, Stamp] = {stamp.authority: stamp for stamp in stamps}
    return [authority for authority, stamp in newest.items() if stamp.valid_until < now]
