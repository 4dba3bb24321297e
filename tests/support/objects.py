"""Object settings for tests, from the address that the stack's fixture gives."""

import base64
import os
import secrets
from dataclasses import replace

from pydantic import SecretStr

from deploy.local.buckets import Bucket, S3Address, ensure_buckets
from deploy.local.s3 import REGION
from shared.settings import ObjectSettings


def object_settings(address: S3Address, master_key: bytes | None = None) -> ObjectSettings:
    return ObjectSettings(
        s3_endpoint=address.endpoint,
        s3_access_key=address.access_key,
        s3_secret_key=SecretStr(address.secret_key),
        s3_secure=address.secure,
        s3_region=REGION,
        s3_bucket_prefix=address.prefix,
        master_key=SecretStr(base64.b64encode(master_key or os.urandom(32)).decode()),
    )


async def quarantine_settings(address: S3Address) -> dict[str, object]:
    """Of a quarantine of its own: another key in the same bucket would be another installation."""
    prefix = f"{address.prefix}t{secrets.token_hex(5)}-"
    await ensure_buckets(replace(address, prefix=prefix), [Bucket("quarantine")])
    return {
        "quarantine_key": base64.b64encode(os.urandom(32)).decode(),
        "s3_endpoint": address.endpoint,
        "s3_access_key": address.access_key,
        "s3_secret_key": address.secret_key,
        "s3_secure": address.secure,
        "s3_bucket_prefix": prefix,
    }
