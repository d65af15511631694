"""An upload from its bytes to its row, on both databases and with the real worker process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handbill.catalog.images import (
    BYTES_MAX,
    PICTURES,
    accept,
    add,
    find,
    read,
    sizes,
    small_key,
)
from handbill.infra.database import Database
from handbill.infra.storage import FolderStorage
from handbill.infra.workshop import Workshop
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import (
    BrokenImage,
    HandbillError,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from handbill.merchants.store import add_merchant
from tests.unit.catalog.photos import (
    exif,
    gradient,
    jpeg_that_claims,
    opened,
    png_bomb,
    webp_that_claims,
    written,
)

pytestmark = pytest.mark.anyio

PHOTO = written(gradient(2_000, 1_000), "JPEG", exif=exif(6))


class Shop:
    """One merchant who uploads, with a storage and a worker of their own."""

    def __init__(self, db: Database, clock: ManualClock, folder: Path, merchant_id: int) -> None:
        self.db, self.clock, self.merchant_id = db, clock, merchant_id
        self.storage = FolderStorage(folder)
        self.workshop = Workshop(PICTURES)

    async def upload(self, data: bytes, name: str = "photo.jpg") -> str:
        picture = await accept(
            self.storage, self.workshop, self.clock, self.merchant_id, name, data
        )
        return await self.db.write(lambda tx: add(tx, picture, test=True))

    async def rows(self) -> int:
        return int(await self.db.read(lambda tx: tx.value("SELECT count(*) FROM images")))


@pytest.fixture
async def shop(db: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Shop]:
    merchant_id = await db.write(lambda tx: add_merchant(tx, "Shop", None))
    made = Shop(db, clock, tmp_path / "pictures", merchant_id)
    yield made
    await made.workshop.close()


async def test_an_upload_is_stored_upright_found_and_read(shop: Shop) -> None:
    key = await shop.upload(PHOTO)

    assert key.startswith(f"images/uploads/{shop.merchant_id}/{shop.clock.now()}")
    assert await shop.db.read(lambda tx: find(tx, shop.merchant_id, key))
    assert await shop.db.read(lambda tx: sizes(tx, [key, "x"])) == {key: (800, 1_600)}
    full = await read(shop.storage, key)
    assert full is not None
    assert (opened(full[0]).size, full[1]) == ((800, 1_600), "image/jpeg")
    small = await read(shop.storage, key, "small")
    assert small is not None
    assert (opened(small[0]).size, small[1]) == ((320, 640), "image/webp")
    assert await read(shop.storage, small_key(key)) == small


async def test_the_type_is_told_by_the_bytes_and_not_by_the_name(shop: Shop) -> None:
    key = await shop.upload(written(gradient(20, 20), "PNG"), "photo.jpg")

    assert key.endswith("-photo.png")
    found = await read(shop.storage, key)
    assert found is not None
    assert found[1] == "image/png"


async def test_another_merchant_does_not_find_it(shop: Shop) -> None:
    key = await shop.upload(PHOTO)

    assert not await shop.db.read(lambda tx: find(tx, shop.merchant_id + 1, key))
    assert not await shop.db.read(lambda tx: find(tx, shop.merchant_id, key + "x"))


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"GIF89a" + bytes(50), UnsupportedMedia),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UnsupportedMedia),
        (b"", UnsupportedMedia),
        (PHOTO + bytes(BYTES_MAX), TooLarge),
        (PHOTO[: len(PHOTO) // 2], BrokenImage),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), BrokenImage),
        (jpeg_that_claims(30_000, 30_000), TooLarge),
    ],
    ids=["gif", "svg", "nothing", "11-megabytes", "half", "empty-png", "900-megapixels"],
)
async def test_what_is_refused_leaves_no_row_and_no_file(
    shop: Shop, tmp_path: Path, data: bytes, refusal: type[HandbillError]
) -> None:
    with pytest.raises(refusal):
        await shop.upload(data)

    assert await shop.rows() == 0
    assert not (tmp_path / "pictures").exists()


async def test_what_is_no_picture_costs_no_worker(shop: Shop) -> None:
    for data in (b"GIF89a", bytes(BYTES_MAX + 1)):
        with pytest.raises((UnsupportedMedia, TooLarge)):
            await shop.upload(data)

    assert shop.workshop.pids == []


@pytest.mark.parametrize(
    "bomb",
    [
        png_bomb(13_000),
        jpeg_that_claims(65_500, 65_500),
        webp_that_claims(2**24, 2**24, b"VP8X"),
    ],
    ids=["png", "jpeg", "webp"],
)
async def test_a_bomb_is_refused_in_two_seconds_and_150_mebibytes(shop: Shop, bomb: bytes) -> None:
    await shop.upload(written(gradient(9, 9), "PNG"))  # the start of the worker is not measured
    began = time.monotonic()

    with pytest.raises(TooLarge):
        await shop.upload(bomb)

    assert time.monotonic() - began < 2
    (pid,) = shop.workshop.pids
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 150 * 1024


async def test_a_picture_that_wants_too_much_memory_is_broken_and_the_next_one_is_taken(
    shop: Shop,
) -> None:
    shop.workshop = Workshop(PICTURES, memory_bytes=120 * 1024 * 1024)
    large = written(gradient(4_000, 4_000), "PNG")

    with pytest.raises(BrokenImage):
        await shop.upload(large)

    assert (await shop.upload(PHOTO)).endswith("-photo.jpg")
    await shop.workshop.close()


async def test_a_worker_that_is_too_slow_says_nothing_about_the_picture(shop: Shop) -> None:
    """On a machine with other work; a time of nothing at all stands for it."""
    shop.workshop = Workshop(PICTURES, timeout_seconds=0)

    with pytest.raises(Unavailable, match="in time"):
        await shop.upload(PHOTO)

    assert await shop.rows() == 0


async def test_merchants_who_upload_at_once_are_served_one_after_the_other(shop: Shop) -> None:
    keys = await asyncio.gather(*(shop.upload(PHOTO) for _ in range(4)))

    assert len(set(keys)) == 4
    assert await shop.rows() == 4
    assert len(shop.workshop.pids) == 1
