"""Object settings for tests, from the address that the stack's fixture gives."""

import base64
import os

from pydantic import SecretStr

from deploy.local.buckets import S3Address
from shared.settings import ObjectSettings


def object_settings(address: S3Address, master_key: bytes | None = None) -> ObjectSettings:
    return ObjectSettings(
        s3_endpoint=address.endpoint,
        s3_access_key=address.access_key,
        s3_secret_key=SecretStr(address.secret_key),
        s3_secure=address.secure,
        master_key=SecretStr(base64.b64encode(master_key or os.urandom(32)).decode()),
    )
