"""Uploaded files in an S3 bucket, Amazon's or a compatible one. Loaded only where it is set."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store

from handbill.infra.settings import Settings
from handbill.infra.storage import check_key, content_type_of
from handbill.kernel.errors import Unavailable

if TYPE_CHECKING:  # obstore's own rule: these names exist for checkers only
    from obstore.store import ClientConfig, RetryConfig, S3Config

CONNECT_SECONDS = 3
REQUEST_SECONDS = 10
RETRIES_MAX = 2


class BucketStorage:
    """`storage_url` is `s3://BUCKET/PREFIX`; keys that are not set are looked for where Amazon's
    own tools look: variables of the environment, then the machine's role."""

    def __init__(self, settings: Settings) -> None:
        address = urlsplit(settings.storage_url)
        endpoint = settings.storage_endpoint
        config: S3Config = {"region": settings.storage_region}
        if endpoint is not None:
            config["endpoint"] = endpoint
        if settings.storage_access_key_id is not None:
            config["access_key_id"] = settings.storage_access_key_id
        if settings.storage_secret_access_key is not None:
            config["secret_access_key"] = settings.storage_secret_access_key
        client: ClientConfig = {
            # Somebody who sets an http address has a service on a private network.
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "timeout": timedelta(seconds=REQUEST_SECONDS),
        }
        retry: RetryConfig = {
            "max_retries": RETRIES_MAX,
            "retry_timeout": timedelta(seconds=REQUEST_SECONDS),
        }
        self._store = S3Store(
            address.netloc,
            prefix=address.path.strip("/") or None,
            config=config,
            client_options=client,
            retry_config=retry,
        )

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        check_key(key, content_type)
        try:
            await self._store.put_async(key, data, attributes={"Content-Type": content_type})
        except (BaseError, OSError) as error:
            raise _silent(error) from error

    async def get(self, key: str) -> tuple[bytes, str] | None:
        content_type = content_type_of(key)
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async()), content_type
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise _silent(error) from error

    async def delete(self, key: str) -> None:
        content_type_of(key)
        try:
            await self._store.delete_async(key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _silent(error) from error


def _silent(error: Exception) -> Unavailable:
    """Without its words: they name the bucket and quote the service's answer."""
    return Unavailable(f"The storage does not answer right now ({type(error).__name__}).")
