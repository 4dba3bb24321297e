"""Time stamps (RFC 3161): each covers the seal, or the authority's stamp before it, and leads to a root."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import (
    Certificate,
    InvalidVersion,
    NameOID,
    load_der_x509_certificate,
    load_pem_x509_certificates,
)
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from haetae_verify.canonical import moment
from haetae_verify.shape import Shape, document
from haetae_verify.source import Source, small
from haetae_verify.wrong import Unreadable, Wrong

NAME, FORMAT = "stamps.json", "haetae-stamps/1"
SEAL = "seal.json"
# An authority may say whole seconds only, and the agency's clock is the agency's: what differs by less is no lie.
CLOCKS = timedelta(minutes=5)
MOST = 200  # two authorities, each renewed every year for a century: more is a way to keep us busy
MOST_BYTES = 1 << 16  # a stamp has eight thousand with all its certificates
MOST_ROOTS_BYTES = 1 << 18  # all the authorities that a browser knows
# Where the library quotes OpenSSL's own words: about the certificates, and about all else.
UNTRUSTED, REASON = re.compile(r'"Verify error: ([^"]*)"'), re.compile(r'reason: "([^"]*)"')


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
    earliest, before = {SEAL: sealed_at}, dict[str, str]()
    shape = document(NAME, small(source, NAME), FORMAT)
    if shape.text("case_id") != case_id:
        raise Wrong(NAME, "case", other=shape.text("case_id"), case=case_id)
    for listed in _listed(shape):
        trusted = roots or _own_roots(source, listed.authority)
        response, covered = (small(source, name, MOST_BYTES) for name in (listed.file, listed.covers))
        stamp = _check(listed, response, covered, trusted)
        if (other := before.setdefault(source.files[listed.file].sha256, listed.file)) != listed.file:
            raise Wrong(listed.file, "stamp-twice", other=other)
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
        found = load_pem_x509_certificates(pem)
        # Certificates that OpenSSL cannot read would end the library, which gives them to it.
        readable = b"".join(certificate.public_bytes(Encoding.DER) for certificate in found)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=readable)
    except (ValueError, InvalidVersion, ssl.SSLError) as error:
        raise Wrong(part, "pem", why=error) from error
    return found


def _own_roots(source: Source, authority: str) -> list[Certificate]:
    return certificates(root_name(authority), small(source, root_name(authority), MOST_ROOTS_BYTES))


def _listed(shape: Shape) -> list[_Listed]:
    found: dict[str, _Listed] = {}
    if len(items := shape.objects("stamps")) > MOST:
        raise Wrong(NAME, "stamps-many", most=MOST)
    for number, item in enumerate(items, 1):
        listed = _Listed(
            item.number("number"), item.text("authority"), item.text("covers"), item.text("file"), item.moment("at")
        )
        former = found.get(listed.covers)
        follows = listed.covers == SEAL or (former is not None and former.authority == listed.authority)
        if listed.number != number or listed.file != f"stamp-{number}.tsr" or not follows:
            raise Wrong(NAME, "stamp-listed", number=number)
        found[listed.file] = listed
    return list(found.values())


def time_of(second: datetime, response: bytes) -> datetime:
    """With the fraction that the library leaves out (X.690 11.7), without which it may stand before the seal."""
    found = re.search(rb"\x18.%b(\.\d{1,6})Z" % second.strftime("%Y%m%d%H%M%S").encode(), response, re.S)
    return second + timedelta(milliseconds=round(float(found[1]) * 1000)) if found else second


def _check(listed: _Listed, response: bytes, covered: bytes, roots: Sequence[Certificate]) -> Stamp:
    told = {"authority": listed.authority, "covers": listed.covers}
    try:
        decoded = decode_timestamp_response(response)
        signer = _signer(decoded)
        VerifierBuilder(roots=list(roots)).build().verify_message(decoded, covered)
        return Stamp(
            **vars(listed) | {"at": time_of(decoded.tst_info.gen_time.astimezone(UTC), response)},
            signer=_called(signer),
            valid_until=signer.not_valid_after_utc,
        )
    except VerificationError as error:
        kind, why = _named(str(error))
        raise Wrong(listed.file, kind, why=why, **told) from error
    except Exception as error:  # two readers of strangers' DER have more kinds of errors than they list
        raise Wrong(listed.file, "stamp", why=error, **told) from error


def check_stamp(part: str, authority: str, response: bytes, covered: bytes, roots: Sequence[Certificate]) -> datetime:
    """When a stamp that stands by itself was given. Raises `Wrong`."""
    listed = _Listed(1, authority, part, part, datetime.now(UTC))
    return _check(listed, response, covered, roots).at


def _named(said: str) -> tuple[str, str]:
    """The kind of what the library says, and the words of it that a reader can look up."""
    if said == "Mismatch between messages":
        return "stamp-other", said
    if untrusted := UNTRUSTED.findall(said):
        return "stamp-root", untrusted[0]
    return "stamp", next(iter(REASON.findall(said)[-1:]), said)


def _signer(response: TimeStampResponse) -> Certificate:
    """Nothing signs the list of certificates: of two that answer to the name of the signer, one was put there to lend
    him another name, or a longer life."""
    signed = response.signed_data
    (info,) = signed.signer_infos
    found = [
        certificate
        for certificate in map(load_der_x509_certificate, signed.certificates)
        if (certificate.issuer, certificate.serial_number) == (info.issuer, info.serial_number)
    ]
    if len(found) != 1:
        raise ValueError(f"it holds {len(found)} certificates of who signed it, where there is one")
    return found[0]


def _called(certificate: Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def weak(stamps: Sequence[Stamp], now: datetime) -> list[Stamp]:
    """The stamps on the seal that no longer stand by themselves: the certificate ended, and no stamp that stands
    renewed it before."""
    until: dict[str, datetime] = {}  # by what is covered: up to when its own certificate need not be good any more
    fallen = []
    for stamp in reversed(stamps):  # a renewal has a higher number than what it renews
        stands = stamp.valid_until >= min(now, until.get(stamp.file, now))
        if stands:
            until[stamp.covers] = min(stamp.at, until.get(stamp.covers, stamp.at))
        elif stamp.covers == SEAL:
            fallen.append(stamp)
    return fallen[::-1]
