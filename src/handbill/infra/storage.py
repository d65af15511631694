"""Where uploaded files lie: a folder by default, an S3 bucket by setting.

A key is a path of plain names below the folder or the bucket's prefix; one that could lead
elsewhere is refused. What `put` has answered is on the disk, like everything in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

from handbill.infra.settings import Settings
from handbill.kernel.errors import StorageFull, Unavailable

CONTENT_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
"""What may be stored, by the ending of its key: a folder remembers no content type."""

_KEY_MAX = 512
_NAME = r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}"
_KEY = re.compile(f"{_NAME}(?:/{_NAME})*")
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Storage(Protocol):
    """Every verb raises ValueError for a key that is none, Unavailable when it cannot work."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Whole or not at all, in place of what was there. StorageFull when there is no room."""

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """The bytes and their content type."""

    async def delete(self, key: str) -> None:
        """Gone afterwards; nothing to delete is no error."""


class FolderStorage:
    """Files in a folder, each flushed with its folder entry before `put` answers.

    Not obstore's local store: that never flushes, so that a power cut takes pictures whose rows
    are kept; it tells a full disk from other errors only in words; and it costs 8 MiB.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        check_key(key, content_type)
        await asyncio.to_thread(self._put, self._folder / key, data)

    async def get(self, key: str) -> tuple[bytes, str] | None:
        found = content_type_of(key)
        data = await asyncio.to_thread(self._get, self._folder / key)
        return None if data is None else (data, found)

    async def delete(self, key: str) -> None:
        content_type_of(key)
        await asyncio.to_thread(self._delete, self._folder / key)

    def _put(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(f".{secrets.token_hex(8)}")
        with _told():
            _make_folder(path.parent)
            try:
                with unfinished.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(path)
            except BaseException:
                with contextlib.suppress(OSError):
                    unfinished.unlink()
                raise
            _flush(path.parent)

    def _get(self, path: Path) -> bytes | None:
        with _told():
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None

    def _delete(self, path: Path) -> None:
        with _told(), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


def open_storage(settings: Settings) -> Storage:
    """`storage_url` is `file:///FOLDER` or `s3://BUCKET/PREFIX`. Connects to nothing yet."""
    if settings.storage_url.startswith("file://"):
        return FolderStorage(Path(settings.storage_url.removeprefix("file://")))
    # By name: obstore costs 8 MiB that an installation with a folder need not pay.
    module = importlib.import_module("handbill.infra.bucket")
    return cast(Storage, module.BucketStorage(settings))


def content_type_of(key: str) -> str:
    """Raises ValueError for a key that leads elsewhere or has no known ending."""
    found = CONTENT_TYPES.get(PurePosixPath(key).suffix)
    if found is None or len(key) > _KEY_MAX or not _KEY.fullmatch(key):
        raise ValueError("this is not a key of the storage")
    return found


def check_key(key: str, content_type: str) -> None:
    """Raises ValueError where the key's ending promises another content type."""
    if content_type_of(key) != content_type:
        raise ValueError(f"{content_type} does not go with the ending of the key")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """The system's errors in our words; a path on the operator's disk is nobody else's business."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise StorageFull("There is no room for the file.") from error
        raise Unavailable("The storage does not answer right now.") from error


def _make_folder(folder: Path) -> None:
    """With its parents, each of them flushed into the one that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush(folder.parent)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
