"""Is this answer a time stamp over what was asked, by the authority that was asked? (RFC 3161 2.2)

Checked: the status, the signature, the chain to the authority's own root and the one purpose of the certificate, the
digest, the nonce, the policy, and that its clock and ours agree. The library does not look at the certificate's digest
in the signed attributes (RFC 5816) and at revocation; `openssl ts -verify` does the first.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from rfc3161_client import (
    PKIStatus,
    TimeStampRequest,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)

from shared.stamps.authorities import Authority

# Authorities' clocks are right within a second, ours within seconds where NTP runs; more is a clock that is wrong.
MOST_APART = timedelta(minutes=5)
LONGEST_CHAIN = 8
MAX_SAID = 200  # characters of an authority's own words


class BadStamp(ValueError):
    """The answer is no time stamp that can be kept; the message says why."""


@dataclass(frozen=True)
class Stamped:
    """A time stamp that was right when it came. `response`: the TimeStampResp, DER, over the bytes of `covers`
    ("seal.json", or "stamp-N.tsr" for a renewal). `at`: by the authority's clock.
    `valid_until`: when the first certificate of its chain expires. `offset_ms`: our clock ahead of theirs, the way of
    the answer with it; up to a second too much from an authority that tells whole seconds.
    """

    authority: str
    covers: str
    response: bytes = field(repr=False)
    at: datetime
    valid_until: datetime
    offset_ms: int
    roots: bytes = field(repr=False)


def checked(
    data: bytes, request: TimeStampRequest, message: bytes, covers: str, authority: Authority, now: datetime
) -> Stamped:
    """`now`: our clock when the answer came. Raises `BadStamp`."""
    response = _granted(data)
    builder = VerifierBuilder.from_request(request)
    if authority.policy:
        builder = builder.policy_id(x509.ObjectIdentifier(authority.policy))
    for root in authority.roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, message)
        at, chain = _time(response, data), _chain(response, authority.roots)
    except Exception as error:  # two readers of strangers' DER have more kinds of errors than they list
        raise BadStamp(f"its stamp is not right: {str(error)[:MAX_SAID]}") from error
    if abs(now - at) > MOST_APART:
        raise BadStamp(f"its clock says {at:%Y-%m-%d %H:%M:%S}, ours {now:%Y-%m-%d %H:%M:%S} UTC: one of them is wrong")
    until = min(certificate.not_valid_after_utc for certificate in chain)
    offset_ms = round((now - at) / timedelta(milliseconds=1))
    return Stamped(authority.name, covers, data, at, until, offset_ms, authority.pem)


def _time(response: TimeStampResponse, data: bytes) -> datetime:
    """Its genTime. The library leaves out the fraction of the second, which a GeneralizedTime may have (X.690 11.7)."""
    second = response.tst_info.gen_time
    found = re.search(rb"\x18.%b(\.\d{1,6})Z" % second.strftime("%Y%m%d%H%M%S").encode(), data, re.S)
    return second + timedelta(milliseconds=round(float(found[1]) * 1000) if found else 0)


def _granted(data: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(data)
        status, said = response.status, "; ".join(response.status_string)
    except ValueError as error:
        raise BadStamp(f"its answer is no TimeStampResp: {str(error)[:MAX_SAID]}") from error
    if status != PKIStatus.GRANTED:
        # Also "granted with modifications": what was changed about so plain a request is not worth keeping.
        name = PKIStatus(status).name if status in list(PKIStatus) else str(status)
        raise BadStamp(f"it answers {name} ({said[:MAX_SAID]!r})")
    return response


def _chain(response: TimeStampResponse, roots: tuple[x509.Certificate, ...]) -> list[x509.Certificate]:
    """The certificates from the signer's to a root."""
    sent = [x509.load_der_x509_certificate(der) for der in response.signed_data.certificates]
    (signer,) = response.signed_data.signer_infos
    chain = [c for c in sent if (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number)]
    if len(chain) != 1:  # nothing signs the list: a second one is there to be taken for the signer's
        raise ValueError(f"it holds {len(chain)} certificates of who signed it, where there is one")
    while chain and chain[-1] not in roots and len(chain) < LONGEST_CHAIN:
        issuers = [one for one in (*roots, *sent) if one not in chain and _issued(one, chain[-1])]
        if not issuers:
            break
        chain.append(issuers[0])
    if not chain or chain[-1] not in roots:
        raise ValueError("its certificates lead to no root of ca_file")
    return chain


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
