"""A seller's own logo and colour on every page of theirs."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

MERCHANT = "/api/v1/merchant"


def logo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#7a1fa2").save(file, "PNG")
    return file.getvalue()


async def uploaded(house: RunningHouse) -> str:
    answer = await house.shop.post("/api/v1/images", files={"image": ("logo.png", logo())})
    return str(answer.json()["data"]["url"])


async def test_pages_wear_the_sellers_logo_and_colour(house: RunningHouse) -> None:
    changed = await house.shop.patch(
        MERCHANT, json={"logo": await uploaded(house), "color": "#7A1FA2"}
    )
    link = await house.make_link()
    page = (await house.payer.get(link["url"])).text
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"status": "paused"})
    end = (await house.payer.get(link["url"])).text

    assert changed.json()["data"]["color"] == "#7a1fa2"
    for html in (page, end):
        [sheet] = re.findall(r'href="([^"]+/pay/accent/[^"]+)"', html)
        [picture] = re.findall(r'class="logo" src="([^"]+)"', html)
        assert "--accent:#7a1fa2" in (await house.payer.get(sheet)).text
        assert (await house.payer.get(picture)).headers["content-type"] == "image/webp"


async def test_a_page_that_was_kept_changes_with_the_seller(house: RunningHouse) -> None:
    link = await house.make_link()
    plain = (await house.payer.get(link["url"])).text
    await house.shop.patch(MERCHANT, json={"color": "#123456"})
    coloured = (await house.payer.get(link["url"])).text

    assert "/pay/accent/" not in plain
    assert "/pay/accent/123456.css" in coloured


@pytest.mark.parametrize(
    "change",
    [
        {"color": "red"},
        {"color": "#12345"},
        {"color": "#12345g"},
        {"logo": "https://elsewhere.example/logo.png"},
        {"logo": "images/uploads/1/1772359200000abcdefgh-logo.png"},
    ],
)
async def test_a_colour_or_logo_that_is_none_is_refused_by_name(
    house: RunningHouse, change: dict[str, str]
) -> None:
    answer = await house.shop.patch(MERCHANT, json=change)

    assert (answer.status_code, list(answer.json()["details"])) == (422, list(change))


@pytest.mark.parametrize("name", ["12345", "xyzxyz", "ABCDEF", "0b5b48x"])
async def test_there_is_no_style_sheet_for_what_is_no_colour(
    house: RunningHouse, name: str
) -> None:
    answer = await house.payer.get(f"/pay/accent/{name}.css")

    assert answer.status_code == 404
