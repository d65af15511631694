"""Where an installation stands: its folder, its key, its schema, and who works in it.

Everything that can be wrong with them is told here in one sentence that says what to do, before
a server listens or a command writes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from handbill.infra.crypto import KEY_FILE, Crypto, installation_key
from handbill.infra.database import Tx
from handbill.infra.database.backend import Backend
from handbill.infra.database.database import open_backend
from handbill.infra.migrations import runner
from handbill.infra.settings import Settings, is_loopback
from handbill.kernel.errors import CannotUnseal, Conflict, HandbillError, Unavailable
from handbill.merchants import store

SQLITE = "sqlite:///"


def database_file(settings: Settings) -> Path | None:
    """None on PostgreSQL."""
    url = settings.database_url
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def is_at_home(settings: Settings) -> bool:
    """Whether this installation is reached on this machine only: by its address for payers, and
    by the network address on which it listens."""
    public = urlsplit(settings.public_url).hostname or ""
    return is_loopback(public) and is_loopback(settings.host)


def open_crypto(settings: Settings) -> Crypto:
    """The key of the settings, or else of the folder, where it is made on the first start."""
    if settings.secret_key is not None:
        return Crypto(settings.secret_key.encode())
    make_folder(settings.data)
    return _folder_crypto(settings.data)


def existing_crypto(settings: Settings) -> Crypto:
    """The key of an installation that must be there already. Raises CannotUnseal without one:
    what a new key seals, the server could not open."""
    path = settings.data / KEY_FILE
    if settings.secret_key is None and not path.exists():
        raise CannotUnseal(
            f"{path} is missing, and the database has an installation already: put the key file"
            " back, or set HANDBILL_SECRET_KEY to its content."
        )
    return open_crypto(settings)


def prepare(settings: Settings) -> bool:
    """Makes the folder, the key and the schema where they are not there yet; True when the schema
    changed. Raises Unavailable or CannotUnseal where an installation cannot be used."""
    make_folder(settings.data)
    file = database_file(settings)
    if file is not None:
        make_folder(file.parent)
    revision = stored_revision(settings)
    if revision is None:
        open_crypto(settings)  # first: a schema without a key means that the key was lost
    else:
        existing_crypto(settings)
    if revision == runner.head():
        return False
    runner.upgrade(settings.database_url)
    return True


def require(settings: Settings) -> None:
    """For a command beside a server: an installation is there, with the schema of this version."""
    file = database_file(settings)
    # Asking SQLite about a file that is missing would make one.
    revision = None if file is not None and not file.exists() else stored_revision(settings)
    if revision is None:
        raise Unavailable(
            f"There is no installation in {settings.data}; begin with handbill serve."
        )
    if revision != runner.head():
        raise Conflict(
            f"The database is at schema revision {revision} and this version needs"
            f" {runner.head()}: restart the server, or run handbill migrate."
        )


def stored_revision(settings: Settings) -> str | None:
    """None on an empty database. Raises Unavailable where the database cannot be opened, or was
    written by a newer version, which this one would damage."""
    backend = open_backend(settings.database_url)
    with opening(backend):
        revision = backend.revision()
    if revision is not None and revision > runner.head():
        raise Unavailable(
            f"The database is at schema revision {revision}, written by a newer Handbill; this"
            f" one knows revisions up to {runner.head()}. Install the newer version."
        )
    return revision


def check_key(tx: Tx, crypto: Crypto) -> None:
    """Raises CannotUnseal where the installation's secrets were sealed with another key."""
    for merchant in store.list_merchants(tx, 1):
        for sealed in store.live_secrets(tx, [merchant.id])[merchant.id]:
            crypto.unseal(sealed)


def make_folder(folder: Path) -> None:
    """For its user alone, where it is new: database and key hold what others must not read."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        raise Unavailable(f"{error.filename} is needed as a folder, and is none.") from error
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise Unavailable(f"The folder {folder} cannot be written by this user.")


@contextmanager
def occupied(settings: Settings) -> Iterator[None]:
    """Tells others on this machine that a server works on this file. Several may; the system lets
    go with the process, however that ends. PostgreSQL looks after itself."""
    file = database_file(settings)
    if file is None:
        yield
        return
    with _held(file.parent, fcntl.LOCK_SH) as held:
        if not held:
            raise Conflict(f"A backup is being restored to {file.parent}; start again afterwards.")
        yield


@contextmanager
def alone(database: Path) -> Iterator[bool]:
    """Keeps servers from starting on this file; False where one works on it, which is left."""
    with _held(database.parent, fcntl.LOCK_EX) as held:
        yield held


@contextmanager
def opening(backend: Backend) -> Iterator[None]:
    """Puts what the driver says into one line."""
    try:
        yield
    except HandbillError:
        raise
    except Exception as error:
        if backend.failure(error) is None:
            raise
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unavailable(f"The database cannot be opened: {words.rstrip('.')}.") from error


def _folder_crypto(folder: Path) -> Crypto:
    try:
        return Crypto(installation_key(folder))
    except OSError as error:
        raise Unavailable(f"{folder / KEY_FILE} cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise CannotUnseal(f"{folder / KEY_FILE} holds no key: {error}.") from error


@contextmanager
def _held(folder: Path, kind: int) -> Iterator[bool]:
    """A lock on the folder itself: not on a file that somebody could delete or restore."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
