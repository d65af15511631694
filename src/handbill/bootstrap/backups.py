"""Backup and restore of an embedded installation, beside a running server or without one.

Everything that could stand against a restore is looked at before anything is changed: the file,
its schema, its key, and who works in the folder.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from handbill.bootstrap import premises
from handbill.infra import archive
from handbill.infra.archive import Unpacked
from handbill.infra.crypto import KEY_FILE, Crypto
from handbill.infra.database import Tx, open_database
from handbill.infra.migrations import runner
from handbill.infra.settings import Settings
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import CannotUnseal, Conflict, Invalid, Unavailable
from handbill.merchants import store

MERCHANTS_MAX = 1_000_000


def backup(settings: Settings, target: Path) -> int:
    """Gives the size in bytes. Raises Conflict where the installation cannot be one file."""
    database = _database(settings)
    premises.require(settings)
    key = settings.data / KEY_FILE if settings.secret_key is None else None
    return archive.write(database, target, key=key, pictures=_pictures(settings))


def restore(settings: Settings, source: Path, *, force: bool) -> None:
    """In one step for a server that runs. Raises Invalid for a file that is not a whole backup,
    Conflict where it cannot be put here; nothing is changed then."""
    database = _database(settings)
    if database.exists() and not force:
        raise Conflict(f"{settings.data} holds an installation; --force replaces it.")
    premises.make_folder(settings.data)
    premises.make_folder(database.parent)
    with premises.alone(database) as alone, archive.unpacked(source, settings.data) as contents:
        _prepare(settings, contents)
        if not alone and not _has_key(settings, contents):
            raise Conflict(
                "A server runs here, and the backup is of an installation with another key: stop"
                " the server, restore, start it again."
            )
        _put(settings, contents, database, alone=alone)


def _prepare(settings: Settings, contents: Unpacked) -> None:
    """To the schema of this version, and by its own key: still beside the installation."""
    there = msgspec.structs.replace(settings, database_url=f"{premises.SQLITE}{contents.database}")
    try:
        revision = premises.stored_revision(there)
    except Unavailable as error:
        raise Invalid({"FILE": [f"cannot be used: {error.detail}"]}) from error
    if revision is None:
        raise Invalid({"FILE": ["holds an empty database"]})
    if revision != runner.head():
        runner.upgrade(there.database_url)
    asyncio.run(_settle(there, _crypto(settings, contents)))


def _crypto(settings: Settings, contents: Unpacked) -> Crypto:
    """The key that the server will have afterwards."""
    if settings.secret_key is not None:
        return Crypto(settings.secret_key.encode())
    if contents.key is not None:
        return Crypto(contents.key)
    if (settings.data / KEY_FILE).exists():
        return premises.open_crypto(settings)
    raise CannotUnseal(
        "The backup has no installation key, because it was not kept in the folder: set"
        " HANDBILL_SECRET_KEY."
    )


async def _settle(settings: Settings, crypto: Crypto) -> None:
    db = open_database(settings.database_url, SystemClock())
    try:
        await db.read(lambda tx: premises.check_key(tx, crypto))
        await db.write(_touch_merchants)
    finally:
        db.close()


def _touch_merchants(tx: Tx) -> None:
    """A server that runs keeps finished pages by the version of a link and of its merchant, and
    after a restore another content may come to bear the same version of the link."""
    for merchant in store.list_merchants(tx, MERCHANTS_MAX):
        store.touch_merchant(tx, merchant.id)


def _has_key(settings: Settings, contents: Unpacked) -> bool:
    """Whether a server that runs here can go on with what the backup holds."""
    if settings.secret_key is not None or contents.key is None:
        return True
    path = settings.data / KEY_FILE
    return path.exists() and path.read_bytes().strip() == contents.key


def _put(settings: Settings, contents: Unpacked, database: Path, *, alone: bool) -> None:
    if database.exists() and not archive.is_readable(database):
        if not alone:
            raise Conflict(f"{database} is damaged and a server has it open: stop it first.")
        archive.set_aside(database)
    pictures = _pictures(settings)
    if pictures is not None:
        archive.put_pictures(contents.pictures, pictures)
    archive.copy(contents.database, database)
    # Last: where the database could not be replaced, what is there still has its own.
    if settings.secret_key is None:
        contents.put_key(settings.data)


def _database(settings: Settings) -> Path:
    file = premises.database_file(settings)
    if file is None:
        raise Conflict("This installation is on PostgreSQL: use pg_dump and pg_restore.")
    return file


def _pictures(settings: Settings) -> Path | None:
    """None where they are in a bucket, which keeps them by its own means."""
    url = settings.storage_url
    return Path(url.removeprefix("file://")) if url.startswith("file://") else None
