"""Pictures of links and products: taken, stored, found and read.

Only a key is ever stored; its address is built when it is read. The pixels are judged and rebuilt
in the worker process, never here.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from typing import Literal

import msgspec

from handbill.infra.database import Tx
from handbill.infra.storage import Storage
from handbill.infra.workshop import JobFailed, JobStopped, JobTimedOut, Workshop
from handbill.kernel.clock import Clock, Instant
from handbill.kernel.errors import BrokenImage, TooLarge, Unavailable, UnsupportedMedia

BYTES_MAX = 10 * 1024 * 1024
PICTURES = "handbill.catalog.pictures"
"""The module that the workshop of `accept` must allow."""

Kind = Literal["JPEG", "PNG", "WEBP"]
Variant = Literal["full", "small"]
"""`small` is for pages: WebP, long side at most 640 pixels."""

_NAME_MAX = 40
_FOLDER = "images/uploads"
_STEM = _FOLDER + r"/[0-9]{1,19}/[0-9]{13,15}[0-9a-f]{16}-[0-9A-Za-z-]{1,40}"
_KEY = re.compile(_STEM + r"\.(?:jpg|png)")
_STORED = re.compile(_STEM + r"\.(?:jpg|png|webp)")


class _Rebuilt(msgspec.Struct, array_like=True):
    """What `pictures.rebuild` gives. Checked: the worker decodes what strangers sent."""

    data: bytes
    width: int
    height: int
    small: bytes


class _Size(msgspec.Struct):
    key: str
    width: int
    height: int


class Accepted(msgspec.Struct, frozen=True):
    """A picture whose files are stored. There is none before `add`."""

    key: str
    merchant_id: int
    width: int
    height: int
    bytes: int


async def accept(
    storage: Storage, workshop: Workshop, clock: Clock, merchant_id: int, name: str, data: bytes
) -> Accepted:
    """Judges and rebuilds an upload, and stores its files: they come first and the row last. A row
    promises a picture, a file without a row is only a little space.

    `name` is the sender's; only letters and digits of it are kept.

    Raises TooLarge, UnsupportedMedia, BrokenImage; Unavailable where storage or workshop cannot.
    """
    if len(data) > BYTES_MAX:
        raise TooLarge(f"A picture has at most {BYTES_MAX // (1024 * 1024)} MB.")
    kind = kind_of(data)
    rebuilt = await _rebuild(workshop, data, kind)
    key = new_key(merchant_id, name, kind, clock.now())
    await storage.put(small_key(key), rebuilt.small, "image/webp")
    await storage.put(key, rebuilt.data, "image/jpeg" if kind == "JPEG" else "image/png")
    return Accepted(key, merchant_id, rebuilt.width, rebuilt.height, len(rebuilt.data))


def add(tx: Tx, picture: Accepted, *, test: bool) -> str:
    """The row of the picture; gives its key."""
    tx.run(
        "INSERT INTO images (key, merchant_id, test, width, height, bytes, created_at)"
        " VALUES (:key, :merchant_id, :test, :width, :height, :bytes, :now)",
        **msgspec.structs.asdict(picture),
        test=test,
        now=tx.now,
    )
    return picture.key


def find(tx: Tx, merchant_id: int, key: str) -> bool:
    """Whether this merchant uploaded it."""
    found = tx.value(
        "SELECT 1 FROM images WHERE key = :key AND merchant_id = :merchant_id",
        key=key,
        merchant_id=merchant_id,
    )
    return found is not None


def sizes(tx: Tx, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Width and height in pixels of those that exist; the small variants have the same shape."""
    rows = tx.all(_Size, "SELECT key, width, height FROM images WHERE key IN :keys", keys=[*keys])
    return {row.key: (row.width, row.height) for row in rows}


async def read(storage: Storage, key: str, variant: Variant = "full") -> tuple[bytes, str] | None:
    """The bytes and their content type. `key` may be anything that somebody typed, and a
    `small_key` too: that is the address of the variant."""
    if not _STORED.fullmatch(key):
        return None
    return await storage.get(small_key(key) if variant == "small" else key)


async def read_whole(storage: Storage, workshop: Workshop, key: str) -> bytes | None:
    """A picture that can be decoded to its last byte, JPEG or PNG; None for one that is gone or
    broken. Raises Unavailable where storage or workshop cannot tell."""
    found = await read(storage, key)
    if found is None:
        return None
    data, _ = found
    try:
        await _worked(workshop, "check", data, kind_of(data))
    except (BrokenImage, UnsupportedMedia):
        return None
    return data


def key_of(url: str, base: str) -> str | None:
    """The key in an address that `Addresses.image` built on `base`, or None for any other text."""
    key = url.removeprefix(f"{base}/")
    return key if key != url and _KEY.fullmatch(key) else None


def small_key(key: str) -> str:
    """Where the variant for pages lies."""
    return f"{key.rpartition('.')[0]}.webp"


def new_key(merchant_id: int, name: str, kind: Kind, at: Instant) -> str:
    """Nobody can guess it, and nothing of `name` but a tame remainder is in it."""
    ending = "jpg" if kind == "JPEG" else "png"
    return f"{_FOLDER}/{merchant_id}/{at}{secrets.token_hex(8)}-{_tame(name)}.{ending}"


def kind_of(data: bytes) -> Kind:
    """By the first bytes: names and headers say what their sender likes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise UnsupportedMedia("A picture is a JPEG, PNG or WebP file.")


async def _rebuild(workshop: Workshop, data: bytes, kind: Kind) -> _Rebuilt:
    answer = await _worked(workshop, "rebuild", data, kind)
    try:
        return msgspec.convert(answer, _Rebuilt)
    except msgspec.ValidationError as error:
        raise _broken() from error


async def _worked(workshop: Workshop, function: str, data: bytes, kind: Kind) -> object:
    try:
        return await workshop.run(f"{PICTURES}:{function}", data, kind)
    except JobTimedOut as error:
        raise Unavailable("The picture could not be read in time. Try again.") from error
    except (JobFailed, JobStopped) as error:
        # Too big or fatal to decode: for the sender that is one thing.
        raise _broken() from error


def _broken() -> BrokenImage:
    return BrokenImage({"image": ["cannot be read as a picture"]})


def _tame(name: str) -> str:
    base = re.split(r"[/\\]", name)[-1]
    stem = base.rpartition(".")[0] or base
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^0-9A-Za-z]+", "-", plain)[:_NAME_MAX].strip("-") or "image"
