"""A merchant's logo is prepared for codes once, whatever it was uploaded as."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from handbill.catalog import images, logos
from handbill.catalog.logos import FAILED_FOR, Logos
from handbill.infra.storage import FolderStorage
from handbill.infra.workshop import Workshop
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Invalid, Unavailable
from handbill.qr.style import CodeStyle, validated
from tests.unit.qr.drawing import uploaded

pytestmark = pytest.mark.anyio

NOW = 1_772_359_200_000
KEY = "images/uploads/1/17723592000000123456789abcdef-logo.png"


class Stored(FolderStorage):
    """One file under every key. Counts how often it was read."""

    def __init__(self, folder: Path, data: bytes) -> None:
        super().__init__(folder)
        self._data = data
        self.reads = 0

    async def get(self, key: str) -> tuple[bytes, str] | None:
        self.reads += 1
        return self._data, "image/png"


@pytest.fixture
async def press():
    made = Workshop(images.PICTURES, logos.PREPARE.partition(":")[0])
    yield made
    await made.close()


async def test_an_upload_becomes_a_logo_of_codes_and_is_prepared_once(
    press: Workshop, tmp_path: Path
) -> None:
    storage = FolderStorage(tmp_path)
    upload = uploaded((900, 300))
    accepted = await images.accept(storage, press, ManualClock(NOW), 1, "logo.png", upload)
    kept = Logos(storage, press, ManualClock(NOW))

    logo = await kept.prepared(accepted.key)

    assert validated(CodeStyle(logo=logo)).logo is logo
    assert await kept.prepared(accepted.key) is logo


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "there is none: the merchant has to set one first"),
        (
            KEY,
            "its file is gone: it has to be uploaded again",
        ),
    ],
)
async def test_a_logo_that_is_not_there_is_refused_by_its_name(
    press: Workshop, tmp_path: Path, key: str | None, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await Logos(FolderStorage(tmp_path), press, ManualClock(NOW)).prepared(key)

    assert refused.value.faults == {"logo": [words]}


async def test_a_logo_that_many_ask_for_at_once_is_prepared_once(
    press: Workshop, tmp_path: Path
) -> None:
    storage = Stored(tmp_path, uploaded((200, 200)))
    kept = Logos(storage, press, ManualClock(NOW))

    prepared = await asyncio.gather(*(kept.prepared(KEY) for _ in range(20)))

    assert len({id(logo) for logo in prepared}) == 1
    assert storage.reads == 1


async def test_a_logo_that_cannot_be_read_is_not_tried_again_for_a_while(
    press: Workshop, tmp_path: Path
) -> None:
    storage, clock = Stored(tmp_path, b"no picture"), ManualClock(NOW)
    kept = Logos(storage, press, clock)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await kept.prepared(KEY)
    assert storage.reads == 1

    clock.advance(FAILED_FOR)
    with pytest.raises(Unavailable):
        await kept.prepared(KEY)

    assert storage.reads == 2
