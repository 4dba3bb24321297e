"""Names of mails: each is known by one before it is sent, and nobody else can make it up."""

import hashlib
import hmac
from uuid import UUID

from pydantic import SecretStr

TAG = 16  # hexadecimal digits, 64 bits: nobody guesses one by sending mails


def message_id(id: UUID, domain: str, key: SecretStr) -> str:
    """`<id.tag@domain>`, for ever the same.

    SMTP cannot say "exactly once": a server may take a mail and the connection end before its answer arrives. The mail
    then goes out again, and receiving servers that know its Message-ID drop the repeat.

    Ids of notices follow from public things. Without the tag (of HMAC-SHA-256, RFC 2104) whoever knows an address and
    guesses its recipients could send a delivery status for a notice that he never saw.
    """
    tag = hmac.new(key.get_secret_value().encode(), f"message-id:{id}".encode(), hashlib.sha256).hexdigest()
    return f"<{id}.{tag[:TAG]}@{domain}>"


def envelope_id(message_id: str) -> str:
    """The same name as the ENVID of RFC 3461, 4.4, which a delivery status repeats: `id.tag`."""
    return message_id.strip("<>").partition("@")[0]
