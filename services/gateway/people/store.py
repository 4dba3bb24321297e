"""Tables of what proves who somebody is. Secrets stand in them sealed or as digests."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base


class SecondFactor(Base):
    """An account's TOTP secret, sealed. `waiting`: one that its holder has not shown a code of yet. `last_step`: the
    newest time step of which a code was taken; none up to it is taken again (RFC 6238, 5.2)."""

    __tablename__ = "second_factors"

    login: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes | None]
    waiting: Mapped[bytes | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger)
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """Each opens once in place of a code."""

    __tablename__ = "recovery_codes"

    login: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """Somebody who gave the right password and owes something more: `wants` is "code" or "enrol". No session."""

    __tablename__ = "challenges"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]
    wants: Mapped[str]
    going: Mapped[str]
    expires_at: Mapped[datetime]


class KnownBrowser(Base):
    """A browser in which this account has logged in before: strangers' failures do not count against it."""

    __tablename__ = "known_browsers"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class OidcBegun(Base):
    """A log-in at the identity provider that was begun here, by this browser; it ends once. `for_session`: whose
    holder proves anew who they are."""

    __tablename__ = "oidc_begun"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    browser_hash: Mapped[str]
    going: Mapped[str]
    for_session: Mapped[UUID | None]
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A link by which somebody chooses their password, once."""

    __tablename__ = "invitations"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]
    expires_at: Mapped[datetime]


class Credential(Base):
    """What a service proves itself with: a secret (as digest) or a public key. `kind`: "secret" or "key"."""

    __tablename__ = "credentials"

    credential_id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str]
    kind: Mapped[str]
    secret_hash: Mapped[str | None]
    jwk: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Assertion(Base):
    """A signed assertion that was taken; its `jti` is not taken again."""

    __tablename__ = "assertions"

    login: Mapped[str] = mapped_column(primary_key=True)
    jti_hash: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
