"""A bundle checked, from the outside in: the first thing that is wrong is what is named.

Container, `bundle.json`'s signature, the digest of each file, seal and manifest, manifest and evidence, time stamps,
custody, web archive. `docs/bundle.md` of the project describes the format.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate

from haetae_verify import custody, manifest, ots, stamps
from haetae_verify.canonical import digest, moment
from haetae_verify.container import MOST
from haetae_verify.custody import Custody, check_custody
from haetae_verify.keys import check_period
from haetae_verify.manifest import Manifest
from haetae_verify.shape import Shape
from haetae_verify.signed import BadSignature, check
from haetae_verify.source import Found, Source, small
from haetae_verify.stamps import CLOCKS, SEAL, Stamp, check_stamps, root_name
from haetae_verify.wacz import check_wacz
from haetae_verify.wrong import Unreadable, Wrong

NAME, FORMAT, SEAL_FORMAT = "bundle.json", "haetae-bundle/1", "haetae-seal/1"
README, REPORT, EVIDENCE = "README.txt", "report.pdf", "evidence/"
NEEDED = (README, NAME, custody.NAME, manifest.NAME, REPORT, SEAL, stamps.NAME)


@dataclass(frozen=True)
class Proof:
    """What a bundle proves. `own_keys`, `own_roots`: the reader named them, they are not the bundle's word."""

    case_id: str
    made_at: datetime
    made_by: str
    why: str
    basis: str
    bundle_key: str
    manifest: Manifest
    manifest_sha256: str
    sealed_at: datetime
    seal_key: str
    stamps: tuple[Stamp, ...]
    custody: Custody
    files: int
    archives: tuple[str, ...]
    ots: str
    packed: bool
    own_keys: bool
    own_roots: bool


def check_bundle(source: Source, keys: Collection[str] = (), roots: Sequence[Certificate] = ()) -> Proof:
    """`keys`: the agency's, in hexadecimal; `roots`: of the authorities. None: the bundle's own are taken for true.
    Raises `Wrong` with the first thing that is not right."""
    if NAME not in source.files:
        raise Unreadable(NAME, "missing")
    about = signed(NAME, small(source, NAME), FORMAT, keys)
    _check_files(source, about)
    sealed_as = digest(small(source, manifest.NAME))
    sealed_at, seal_key = _check_seal(source, about, sealed_as, keys)
    listed = _check_manifest(source, about)
    _check_order(SEAL, sealed_at, manifest.NAME, listed.finished_at)
    _check_order(NAME, about.moment("made_at"), SEAL, sealed_at)
    stamped = check_stamps(source, listed.case_id, sealed_at, roots)
    proved = ots.check_ots(source)
    _check_known(source, listed, stamped)
    chain = check_custody(small(source, custody.NAME), listed.case_id, sealed_as, about)
    return Proof(
        listed.case_id,
        about.moment("made_at"),
        about.text("made_by"),
        about.text("why"),
        about.text("basis"),
        about.digest("public_key"),
        listed,
        sealed_as,
        sealed_at,
        seal_key,
        stamped,
        chain,
        len(source.files),
        _check_archives(source),
        proved,
        source.packed,
        bool(keys),
        bool(roots),
    )


def signed(part: str, data: bytes, format: str, keys: Collection[str] = ()) -> Shape:
    """A signed document, by one of `keys` where there are any. Raises `Wrong`."""
    try:
        shape = Shape(part, check(data, format))
    except BadSignature as error:
        raise Wrong(part, "signature", why=error) from error
    if keys and shape.digest("public_key") not in keys:
        raise Wrong(part, "stranger-key", key=shape.digest("public_key"))
    return shape


def _check_files(source: Source, about: Shape) -> None:
    listed: dict[str, Found] = {}
    for item in about.objects("files"):
        if (name := item.text("name")) in listed:
            raise Wrong(NAME, "manifest-name", name=name)
        listed[name] = Found(item.digest("sha256"), item.number("bytes"))
    for name, found in listed.items():
        _check_file(source, name, found, NAME)
    if unlisted := sorted(source.files.keys() - listed.keys() - {NAME}):
        raise Wrong(unlisted[0], "unlisted", by=NAME)
    if missing := [name for name in NEEDED if name not in source.files]:
        raise Wrong(missing[0], "missing")


def _check_file(source: Source, name: str, listed: Found, by: str) -> None:
    if name not in source.files:
        raise Wrong(name, "missing")
    if source.files[name] != listed:
        raise Wrong(name, "digest", found=source.files[name].sha256, by=by, listed=listed.sha256)


def _check_seal(source: Source, about: Shape, sealed_as: str, keys: Collection[str]) -> tuple[datetime, str]:
    """When it was sealed, and with which key: one of `keys`, or one for which the bundle's signer vouches."""
    seal = signed(SEAL, small(source, SEAL), SEAL_FORMAT)
    if seal.text("case_id") != about.text("case_id"):
        raise Wrong(SEAL, "case", other=seal.text("case_id"), case=about.text("case_id"))
    if seal.digest("manifest_sha256") != sealed_as:
        raise Wrong(manifest.NAME, "seal")
    if about.digest("manifest_sha256") != sealed_as:
        raise Wrong(NAME, "other-manifest")
    at, key = seal.moment("sealed_at"), seal.digest("public_key")
    if key not in keys:
        check_period(SEAL, key, at, about.objects("public_keys"))
    return at, key


def _check_manifest(source: Source, about: Shape) -> Manifest:
    listed = manifest.parse(small(source, manifest.NAME))
    if listed.case_id != about.text("case_id"):
        raise Wrong(manifest.NAME, "case", other=listed.case_id, case=about.text("case_id"))
    for item in listed.objects:
        if item.kept:
            _check_file(source, EVIDENCE + item.name, Found(item.sha256, item.bytes), manifest.NAME)
        elif EVIDENCE + item.name in source.files:
            raise Wrong(EVIDENCE + item.name, "not-kept")
    kept = {EVIDENCE + item.name for item in listed.objects}
    if unlisted := sorted(name for name in source.files if name.startswith(EVIDENCE) and name not in kept):
        raise Wrong(unlisted[0], "unlisted", by=manifest.NAME)
    return listed


def _check_order(part: str, at: datetime, before: str, moment_before: datetime) -> None:
    if at < moment_before - CLOCKS:
        raise Wrong(part, "early", at=moment(at), before=before, moment=moment(moment_before))


def _check_known(source: Source, listed: Manifest, stamped: Sequence[Stamp]) -> None:
    known = {*NEEDED, ots.NAME, *(EVIDENCE + item.name for item in listed.objects)}
    known.update(name for stamp in stamped for name in (stamp.file, root_name(stamp.authority)))
    if strange := sorted(source.files.keys() - known):
        raise Wrong(strange[0], "stranger")


def _check_archives(source: Source) -> tuple[str, ...]:
    archives, left = tuple(sorted(name for name in source.files if name.endswith(".wacz"))), MOST
    for name in archives:
        with source.open(name) as file:
            left -= check_wacz(name, file, left)
    return archives
