"""A picture is uploaded by itself and then named on links and products."""

from __future__ import annotations

import io
import re

import httpx2
import pytest
from PIL import Image

from handbill.catalog import images
from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, PRODUCT, PRODUCTS, made, refused

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


IMAGES = "/api/v1/images"


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


async def uploaded(house: ApiHouse, name: str = "photo.jpg") -> str:
    answer = await house.shop.post(IMAGES, files={"image": (name, photo())})
    assert answer.status_code == 201, answer.text
    url: str = answer.json()["data"]["url"]
    return url


async def test_an_upload_answers_an_address_of_the_form_of_the_specification(
    house: ApiHouse,
) -> None:
    url = await uploaded(house)

    partner = house.shop_merchant.id
    form = rf"{BASE}/images/uploads/{partner}/1772359200000[0-9a-f]+-photo\.jpg"
    assert re.fullmatch(form, url)


async def test_a_repeat_with_its_key_is_the_same_upload(house: ApiHouse) -> None:
    headers = {"idempotency-key": "photo-1"}

    async def upload(name: str, content: bytes) -> httpx2.Response:
        files = {"image": (name, content)}
        return await house.shop.post(IMAGES, files=files, headers=headers)

    first = await upload("photo.jpg", photo())
    repeated = await upload("again.jpg", photo())  # the file counts, not its name
    other = await upload("photo.jpg", photo("PNG"))

    assert first.content == repeated.content
    assert repeated.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    assert await house.deps.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM images")) == 1


async def test_a_picture_is_named_on_a_link_and_a_product(house: ApiHouse) -> None:
    url = await uploaded(house)

    assert (await made(house.shop, LINKS, {**LINK, "image": url}))["image"] == url
    product = await made(house.shop, PRODUCTS, {**PRODUCT, "image": url})
    assert product["image"] == url
    gone = await house.shop.patch(f"{PRODUCTS}/{product['id']}", json={"image": None})
    assert gone.json()["data"]["image"] is None


async def test_a_link_with_a_picture_can_be_sent_back(house: ApiHouse) -> None:
    link = await made(house.shop, LINKS, {**LINK, "image": await uploaded(house)})

    answer = await house.shop.patch(f"{LINKS}/{link['id']}", json=link)

    assert (answer.status_code, answer.json()["data"]["image"]) == (200, link["image"])


async def test_somebody_elses_picture_is_refused(house: ApiHouse) -> None:
    url = await uploaded(house)

    assert list(await refused(house.other, LINKS, {**LINK, "image": url})) == ["image"]
    assert list(await refused(house.other, PRODUCTS, {**PRODUCT, "image": url})) == ["image"]


@pytest.mark.parametrize("name", ["photo.png", "", "../../etc/passwd", "a" * 300, "\u0444.jpg"])
async def test_the_senders_name_for_it_proves_nothing(house: ApiHouse, name: str) -> None:
    url = await uploaded(house, name or "x")

    assert url.endswith(".jpg")
    assert ".." not in url


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"plain text", 415, "unsupported_media_type"),
        (b"", 415, "unsupported_media_type"),
        (photo("GIF"), 415, "unsupported_media_type"),
        (photo()[:200], 422, "broken_image"),
    ],
)
async def test_what_is_no_picture_is_refused(
    house: ApiHouse, content: bytes, status: int, code: str
) -> None:
    answer = await house.shop.post(IMAGES, files={"image": ("a.jpg", content, "image/jpeg")})

    assert (answer.status_code, answer.json()["error"]) == (status, code)


async def test_a_file_over_the_bound_is_refused(house: ApiHouse) -> None:
    content = photo() + b"\0" * images.BYTES_MAX

    answer = await house.shop.post(IMAGES, files={"image": ("a.jpg", content)})

    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_a_form_under_another_name_is_refused(house: ApiHouse) -> None:
    answer = await house.shop.post(IMAGES, files={"photo": ("a.jpg", photo())})

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["image"])
