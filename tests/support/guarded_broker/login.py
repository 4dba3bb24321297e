"""SASL at the broker: handshake v1, then SCRAM (RFC 5802, RFC 7677) in `SaslAuthenticate` frames. PLAIN is refused."""

from __future__ import annotations

from collections.abc import Mapping

from kio.schema.errors import ErrorCode
from scramp import ScramException, ScramMechanism
from scramp.core import ScramServer

from tests.support.guarded_broker.wire import Request, answer_schema, made

ITERATIONS = 4096  # Kafka's least
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256")


class Passwords:
    """Kept salted, as a broker keeps them."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._kept = {name: {} for name in MECHANISMS}
        for user, password in passwords.items():
            self.set(user, password)

    def set(self, user: str, password: str) -> None:
        for name in MECHANISMS:
            self._kept[name][user] = ScramMechanism(name).make_auth_info(password, iteration_count=ITERATIONS)

    def kept(self, mechanism: str, user: str) -> tuple[bytes, bytes, bytes, int]:
        """Salt, stored key, server key, iterations. Raises `KeyError`."""
        return self._kept[mechanism][user]


class Login:
    """One connection's. `user` is None until it has proved who it is; `failed` once it could not."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._server: ScramServer | None = None
        self._first = True
        self._claimed = ""
        self.user: str | None = None
        self.failed = False

    def answer(self, request: Request) -> object:
        return self._handshake(request) if request.api == "sasl_handshake" else self._authenticate(request)

    def _handshake(self, request: Request) -> object:
        known = request.body.mechanism in MECHANISMS
        if known:
            self._server = ScramMechanism(request.body.mechanism).make_server(
                lambda user: self._claim(request.body.mechanism, user)
            )
        self.failed = not known
        error = ErrorCode.none if known else ErrorCode.unsupported_sasl_mechanism
        return made(answer_schema(request), error_code=error, mechanisms=MECHANISMS)

    def _claim(self, mechanism: str, user: str) -> tuple[bytes, bytes, bytes, int]:
        self._claimed = user
        return self._passwords.kept(mechanism, user)

    def _authenticate(self, request: Request) -> object:
        schema = answer_schema(request)
        if self._server is None:
            self.failed = True
            return made(schema, error_code=ErrorCode.illegal_sasl_state, error_message="no handshake")
        try:
            return made(schema, error_message=None, auth_bytes=self._step(self._server, request.body.auth_bytes))
        except (ScramException, KeyError, UnicodeDecodeError):
            self.failed = True
            said = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM"
            return made(schema, error_code=ErrorCode.sasl_authentication_failed, error_message=said)

    def _step(self, server: ScramServer, message: bytes) -> bytes:
        if self._first:
            self._first = False
            server.set_client_first(message.decode())
            return server.get_server_first().encode()
        server.set_client_final(message.decode())
        self.user = self._claimed
        return server.get_server_final().encode()
