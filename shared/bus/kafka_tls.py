"""TLS to Kafka, with certificates that are renewed while the service runs."""

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Self


class FreshContext(ssl.SSLContext):
    """Reads its files again for a new connection when they have changed since.

    aiokafka opens a new connection when one breaks or idles out (nine minutes), brokers renew theirs: so a renewed
    certificate is used without a restart. A new issuer is trusted from then on too; one that is to be trusted no
    longer, only after a restart. Files that cannot be read at that moment (half written) leave what was read before.
    """

    _ca: Path | None = None
    _cert: Path | None = None
    _key: Path | None = None
    _seen: tuple[int, ...] = ()

    @classmethod
    def over(cls, ca: Path | None, cert: Path | None, key: Path | None) -> Self:
        """Raises `ValueError`, naming the setting and the cure."""
        made = cls(ssl.PROTOCOL_TLS_CLIENT)  # which verifies the certificate and the host's name
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made._ca, made._cert, made._key = ca, cert, key
        if ca is None:
            made.load_default_certs()
        made._read()
        return made

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """asyncio's way to begin a connection."""
        with suppress(ValueError):  # what was read before still holds
            self._read()
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def _read(self) -> None:
        now = tuple(_changed(path) for path in (self._ca, self._cert, self._key) if path)
        if now == self._seen:
            return
        try:
            if self._ca:
                self.load_verify_locations(cafile=self._ca)
        except OSError as error:
            raise ValueError(
                f"HAETAE_KAFKA_CA_FILE: {self._ca} holds no certificate that can be read ({_why(error)}): give the PEM "
                "of Kafka's issuer"
            ) from error
        try:
            if self._cert:
                self.load_cert_chain(self._cert, self._key, password=lambda: "")
        except OSError as error:
            raise ValueError(
                f"HAETAE_KAFKA_CERT_FILE and HAETAE_KAFKA_KEY_FILE: {self._cert} and {self._key} are no certificate "
                f"with its key ({_why(error)}): give PEM files that belong together, the key without a passphrase"
            ) from error
        self._seen = now


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
