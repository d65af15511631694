"""What is printed: a phone reads the code, the short address in it leads to the page."""

from __future__ import annotations

import re

import pytest

from tests.support.payers import Payer
from tests.support.running import RunningHouse
from tests.unit.qr.reading import (
    Read,
    open_png,
    rasterised_pdf,
    rasterised_svg,
    read_picture,
)

pytestmark = pytest.mark.anyio

READERS = {
    ".png": ("image/png", open_png),
    ".svg": ("image/svg+xml", rasterised_svg),
    ".pdf": ("application/pdf", rasterised_pdf),
}


async def scan(payer: Payer, address: str, suffix: str) -> Read:
    answer = await payer.http.get(address + suffix)
    kind, picture = READERS[suffix]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert re.fullmatch(
        rf'inline; filename="qr-[0-9A-Z]{{10}}\{suffix}"', answer.headers["content-disposition"]
    )
    return read_picture(picture(answer.content))


@pytest.mark.parametrize("suffix", READERS)
async def test_a_scanned_code_leads_to_the_page_of_the_link(
    house: RunningHouse, payer: Payer, suffix: str
) -> None:
    link = await house.make_link(title="Espresso")

    code = await scan(payer, link["qr_url"], suffix)

    assert (code.level, code.version <= 3) == ("M", True)
    assert re.fullmatch(r"http://LOCALHOST:\d+/L/[0-9A-HJKMNP-TV-Z]{10}", code.text)
    opened = await payer.http.get(code.text)
    assert (opened.status_code, opened.headers["location"]) == (302, link["url"])
    assert "Espresso" in (await payer.look(link["url"])).text


async def test_a_products_code_leads_to_the_page_of_the_product(
    house: RunningHouse, payer: Payer
) -> None:
    product = await house.make_product()
    code = await scan(payer, product["qr_url"], ".png")
    opened = await payer.http.get(code.text)
    assert opened.headers["location"] == product["url"]


async def test_the_address_in_the_answer_is_a_png_of_eight_pixels_a_module(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    answer = await payer.http.get(link["qr_url"])
    picture = open_png(answer.content)
    modules = picture.width // 8 - 8
    assert answer.headers["content-type"] == "image/png"
    assert (modules - 17) % 4 == 0
    assert "transparency" not in picture.info
    assert picture.convert("L").getpixel((0, 0)) == 255


async def test_the_size_is_in_pixels_and_bounded(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    for size in (64, 500, 2048):
        answer = await payer.http.get(f"{link['qr_url']}?size={size}")
        assert open_png(answer.content).size == (size, size)
    for refused in ("63", "2049", "-1", "1e3", "", "9" * 40):
        answer = await payer.http.get(f"{link['qr_url']}?size={refused}")
        assert answer.status_code == 422
        assert answer.json()["details"].keys() == {"size"}


async def test_a_short_address_opens_in_any_case_and_as_people_misread_it(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    address = (await scan(payer, link["qr_url"], ".png")).text
    code = address.rpartition("/")[2]
    misread = code.replace("0", "O").replace("1", "I")
    for path in (f"/L/{code}", f"/l/{code.lower()}", f"/L/{code.lower()}", f"/l/{misread}"):
        opened = await payer.http.get(path)
        assert (opened.status_code, opened.headers["location"]) == (302, link["url"])


async def test_guessing_at_short_addresses_soon_gets_slower(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    code = (await scan(payer, link["qr_url"], ".png")).text.rpartition("/")[2]

    missed = [(await payer.look(f"/L/{number:010}")).status for number in range(60)]
    assert set(missed) == {404}
    slower = await payer.look("/L/ABCDEFGHJK")
    assert (slower.status, slower.state) == (429, "too_many")
    assert slower.headers["retry-after"] == "60"

    assert (await payer.http.get(f"/L/{code}")).status_code == 302  # what is printed still opens
    await house.pass_time(60_000)
    assert (await payer.look("/L/ABCDEFGHJK")).status == 404


async def test_there_are_codes_only_for_what_exists(house: RunningHouse, payer: Payer) -> None:
    link, product = await house.make_link(), await house.make_product()
    await house.shop.delete(f"/api/v1/links/{link['id']}")
    await house.shop.delete(f"/api/v1/products/{product['id']}")
    nowhere = "/pay/link/019ca8d7-2d00-7d36-9e8c-c23afd234f10/qr"
    for address in (nowhere, link["qr_url"], product["qr_url"], "/pay/product/x/qr.svg"):
        assert (await payer.http.get(address)).status_code == 404
