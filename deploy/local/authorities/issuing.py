"""The certificates of a local authority: a root, and the certificate that signs its time stamps."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFE = timedelta(days=3650)
# What public authorities give theirs: long enough that a stamp is renewed once in years, not in months.
SIGNER_LIFE = timedelta(days=1825)
BACKDATED = timedelta(days=1)  # clocks of one machine's programs may differ, and tests set them
ROOT, SIGNER, ROOT_KEY, SIGNER_KEY = "root.pem", "signer.pem", "root.key", "signer.key"


@dataclass(frozen=True)
class Root:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def signer(self, now: datetime, life: timedelta = SIGNER_LIFE, *, stamps: bool = True) -> Signer:
        """RFC 3161 2.3: one purpose, which is critical. `stamps` False: a certificate that is for something else."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate.subject
        name = str(issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        builder = _builder(f"{name} signer", issuer, key.public_key(), now, life)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        use = ExtendedKeyUsageOID.TIME_STAMPING if stamps else ExtendedKeyUsageOID.EMAIL_PROTECTION
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
        return Signer(self, builder.sign(self.key, hashes.SHA256()), key)


@dataclass(frozen=True)
class Signer:
    """`key` signs for `certificate`, which `root` has issued."""

    root: Root
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_root(name: str, now: datetime, life: timedelta = ROOT_LIFE) -> Root:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, _name(name), key.public_key(), now, life)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return Root(builder.sign(key, hashes.SHA256()), key)


def kept(folder: Path, name: str, now: datetime) -> Signer:
    """Those of the folder, made when there are none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / SIGNER).exists():
        signer = new_root(name, now).signer(now)
        _write(folder / ROOT_KEY, _private(signer.root.key))
        _write(folder / SIGNER_KEY, _private(signer.key))
        _write(folder / ROOT, pem(signer.root.certificate))
        _write(folder / SIGNER, pem(signer.certificate))  # last: whoever finds it finds the others
    root = Root(_certificate(folder / ROOT), _key(folder / ROOT_KEY))
    return Signer(root, _certificate(folder / SIGNER), _key(folder / SIGNER_KEY))


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - BACKDATED).not_valid_after(now + life)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is no elliptic-curve key: remove {path.parent}, and it is made anew")
    return key


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
