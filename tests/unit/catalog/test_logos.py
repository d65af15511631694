"""A merchant's logo is prepared for codes once, whatever it was uploaded as."""

from __future__ import annotations

from pathlib import Path

import pytest

from handbill.catalog import images, logos
from handbill.catalog.logos import Logos
from handbill.infra.storage import FolderStorage
from handbill.infra.workshop import Workshop
from handbill.kernel.clock import ManualClock
from handbill.kernel.errors import Invalid
from handbill.qr.style import CodeStyle, validated
from tests.unit.qr.drawing import uploaded

pytestmark = pytest.mark.anyio


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
    accepted = await images.accept(
        storage, press, ManualClock(1_772_359_200_000), 1, "logo.png", upload
    )
    kept = Logos(storage, press)

    logo = await kept.prepared(accepted.key)

    assert validated(CodeStyle(logo=logo)).logo is logo
    assert await kept.prepared(accepted.key) is logo


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "there is none: the merchant has to set one first"),
        (
            "images/uploads/1/17723592000000123456789abcdef-logo.png",
            "its file is gone: it has to be uploaded again",
        ),
    ],
)
async def test_a_logo_that_is_not_there_is_refused_by_its_name(
    press: Workshop, tmp_path: Path, key: str | None, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await Logos(FolderStorage(tmp_path), press).prepared(key)

    assert refused.value.faults == {"logo": [words]}
