"""Keys of pictures: their form, what of a sender's name is in them, how they are read back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handbill
from handbill.catalog.images import key_of, kind_of, new_key, read, small_key
from handbill.infra.storage import FolderStorage, content_type_of
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import UnsupportedMedia
from tests.unit.catalog.photos import gradient, written

FORM = re.compile(
    r"images/uploads/42/1772359200000[0-9a-f]{16}-[0-9A-Za-z](?:[0-9A-Za-z-]{0,38}[0-9A-Za-z])?\.jpg"
)
AT = 1_772_359_200_000
BASE = "https://pay.example/shop"


@given(st.text(max_size=300))
def test_whatever_a_file_is_called_its_key_has_the_one_form(name: str) -> None:
    key = new_key(42, name, "JPEG", AT)

    assert FORM.fullmatch(key)
    assert content_type_of(key) == "image/jpeg"
    assert key_of(Addresses(BASE).image(key), BASE) == key


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("photo.jpg", "photo"),
        ("My Photo (1).JPEG", "My-Photo-1"),
        ("C:\\Users\\me\\cup.png", "cup"),
        ("../../etc/passwd", "passwd"),
        ("shell.php.jpg", "shell-php"),
        ("Café crème.webp", "Cafe-creme"),
        ("Кофе.jpg", "image"),
        (".jpg", "jpg"),
        ("", "image"),
        ("x" * 200 + ".png", "x" * 40),
    ],
)
def test_letters_and_digits_of_a_name_are_kept(name: str, kept: str) -> None:
    assert new_key(42, name, "JPEG", AT).partition("-")[2] == f"{kept}.jpg"


def test_a_key_cannot_be_guessed_from_another() -> None:
    keys = {new_key(42, "photo.jpg", "JPEG", AT) for _ in range(1_000)}

    assert len(keys) == 1_000


@pytest.mark.parametrize(("kind", "ending"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "png")])
def test_the_ending_says_what_is_stored(kind: str, ending: str) -> None:
    found = kind_of(written(gradient(4, 4), kind))

    assert found == kind
    assert new_key(1, "x", found, AT).endswith(f"-x.{ending}")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"GIF89a" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVE",
        b"\n\xff\xd8\xff",
    ],
)
def test_what_does_not_begin_like_a_picture_is_no_picture(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        kind_of(data)


@pytest.mark.parametrize(
    "url",
    [
        "",
        BASE,
        "{base}/",
        "https://other.example/shop/{key}",
        "https://pay.example/{key}",
        "https://pay.example/shopping/{key}",
        "{base}/{key}?x=1",
        "{base}/{key}#x",
        "{base}//{key}",
        "{base}/{small}",
        "{base}/images/uploads/42/../43/x.jpg",
        "{key}",
        " {base}/{key}",
        "{base}/{key}\n",
    ],
)
def test_only_an_address_that_was_built_here_has_a_key(url: str) -> None:
    key = new_key(42, "photo.jpg", "JPEG", AT)

    assert key_of(url.format(base=BASE, key=key, small=small_key(key)), BASE) is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    "key", ["", "x.jpg", "../handbill.db", "images/uploads/42/x.jpg", "/x.png"]
)
async def test_a_key_that_somebody_typed_reads_nothing(key: str, tmp_path: Path) -> None:
    assert await read(FolderStorage(tmp_path), key) is None


def test_the_server_loads_neither_the_decoders_nor_the_bucket() -> None:
    program = (
        "import sys, handbill.catalog.images, handbill.infra.storage, handbill.qr.kept;"
        "print([name for name in ('PIL', 'obstore') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": str(Path(handbill.__file__).parent.parent)}
    command = [sys.executable, "-c", program]

    seen = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)

    assert seen.stdout == "[]\n"
