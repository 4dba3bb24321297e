"""Why Kafka refuses us, in the words of who can cure it. aiokafka says "unable to bootstrap" to most of it."""

import ssl
from collections.abc import Mapping
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

FORBIDDEN = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
ASK_MS = 2_000
# OpenSSL's X509_V_ERR_*: the name or the address is not in the certificate.
OTHER_HOST, EXPIRED = (62, 64), 10


async def refusal(at: Mapping[str, Any]) -> str | None:
    """Comes to each of `bootstrap_servers` as a client with these options of aiokafka would, and says what the last of
    them answered; None as soon as one lets us in."""
    client = {name: value for name, value in at.items() if name != "bootstrap_servers"}
    said = None
    for host, port, _ in collect_hosts(at["bootstrap_servers"]):
        try:
            (await create_conn(host, port, **client, request_timeout_ms=ASK_MS)).close()
            return None
        except (KafkaError, OSError) as error:
            said = reason(error, f"{host}:{port}", at)
    return said


def reason(error: Exception, where: str, at: Mapping[str, Any]) -> str:
    """Pure. `TimeoutError` is an `OSError`, too."""
    user, tls = at.get("sasl_plain_username"), at.get("ssl_context") is not None
    match error:
        case UnsupportedSaslMechanismError():
            return f"{where} does not know {at.get('sasl_mechanism')}: set HAETAE_KAFKA_MECHANISM to one that it has"
        case AuthenticationFailedError() | SaslAuthenticationFailed() | IllegalSaslStateError():
            return f"{where} refused user {user}: see HAETAE_KAFKA_USER, HAETAE_KAFKA_PASSWORD, HAETAE_KAFKA_MECHANISM"
        case ssl.SSLCertVerificationError(verify_code=code) if code in OTHER_HOST:
            return f"{where} has a certificate for another name: give HAETAE_KAFKA_BOOTSTRAP as the certificate does"
        case ssl.SSLCertVerificationError(verify_code=code) if code == EXPIRED:
            return f"{where} has a certificate that has expired: whoever runs Kafka has to renew it"
        case ssl.SSLCertVerificationError():
            why = error.verify_message
            return f"{where} has a certificate that we do not trust ({why}): give its issuer as HAETAE_KAFKA_CA_FILE"
        case ssl.SSLError():
            return f"{where} does not speak TLS ({error.args[-1]}): see its port, and HAETAE_KAFKA_SECURITY"
        case TimeoutError():
            return f"{where} does not answer within {ASK_MS / 1000:g} s: see HAETAE_KAFKA_BOOTSTRAP, firewalls"
        case OSError():
            return f"{where} cannot be reached ({error.strerror or error}): see HAETAE_KAFKA_BOOTSTRAP"
    if tls:
        return f"{where} ends the connection: it may want a certificate (HAETAE_KAFKA_CERT_FILE) or not know ours"
    return f"{where} ends the connection: it may want TLS or a log-in, see HAETAE_KAFKA_SECURITY"


async def explained(error: Exception, at: Mapping[str, Any]) -> str:
    """`told`, or where we did not get in at all, the `refusal`."""
    return (await refusal(at) if isinstance(error, KafkaConnectionError) else None) or told(error)


def told(error: Exception) -> str:
    """For a line of the log; with the cure where rights are missing."""
    cure = ": give this user the rights that docs/kafka-access.md lists" if isinstance(error, FORBIDDEN) else ""
    return f"{error!r}{cure}"
