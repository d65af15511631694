"""Codes as printers want them: options in the address, refusals by name, and their reach."""

from __future__ import annotations

import re

import pytest

from handbill.web.pages.code_pictures import PRESSED_AT_ONCE
from tests.support.payers import Payer
from tests.support.running import RunningHouse
from tests.unit.qr.drawing import uploaded
from tests.unit.qr.reading import (
    open_png,
    opened_pdf,
    rasterised_pdf,
    rasterised_svg,
    read_picture,
)

pytestmark = pytest.mark.anyio

READING = re.compile(r"distance=([0-9]+), module=[0-9]\.[0-9]{2}, dpi=(150|300), simulated")

REFUSED = [
    ("level=X", "level", "must be L, M, Q or H"),
    ("level=", "level", "must be L, M, Q or H"),
    ("level=M&logo=1", "level", "must be H where there is a logo"),
    ("logo=yes", "logo", "must be 1 or 0"),
    ("logo=1", "logo", "there is none: the merchant has to set one first"),
    ("color=", "color", "must be a colour as #rrggbb, without transparency"),
    ("color=ffd400", "color", "is too light"),
    ("color=ffffff", "color", "never the other way round"),
    ("color=%237a1fa280", "color", "must be a colour as #rrggbb, without transparency"),
    ("mm=4.5", "mm", "must be a whole number of millimetres"),
    ("mm=1001", "mm", "must be from 10 to 1000"),
    ("dpi=300", "dpi", "goes with mm only"),
    ("mm=40&dpi=99", "dpi", "must be from 100 to 1200"),
    ("mm=40&size=300", "size", "cannot stand beside mm"),
    ("mm=400&dpi=600", "dpi", "must be at most 260 at this size"),
    ("mm=20&dpi=150", "mm", "must be at least 26 for this code at 150 dpi"),
]


async def with_a_logo(house: RunningHouse) -> None:
    files = {"image": ("logo.png", uploaded((300, 300)))}
    picture = (await house.shop.post("/api/v1/images", files=files)).json()["data"]
    await house.shop.patch("/api/v1/merchant", json={"logo": picture["url"]})


async def test_a_picture_for_paper_says_how_far_it_is_read_or_is_not_handed_out(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()

    for suffix in (".png", ".svg", ".pdf"):
        answer = await payer.http.get(f"{link['qr_url']}{suffix}?mm=40")
        reading = READING.fullmatch(answer.headers["handbill-reading"])
        assert reading is not None
        assert 200 <= int(reading[1]) <= 400

    assert "handbill-reading" not in (await payer.http.get(link["qr_url"])).headers
    refused = await payer.http.get(f"{link['qr_url']}.svg?mm=10")
    assert (refused.status_code, refused.json()["error"]) == (422, "cannot_be_scanned")
    assert refused.json()["details"].keys() == {"mm"}


async def test_a_code_in_colour_with_a_logo_is_read_in_every_format(
    house: RunningHouse, payer: Payer
) -> None:
    await with_a_logo(house)
    link, product = await house.make_link(), await house.make_product()
    placements = f"/api/v1/links/{link['id']}/placements"
    made = await house.shop.post(placements, json={"names": ["Window"]})

    for noun in (link, product, *made.json()["data"]):
        address, query = noun["qr_url"], "?color=7a1fa2&logo=1&mm=40"
        png = open_png((await payer.http.get(f"{address}.png{query}&dpi=203")).content)
        drawn = await payer.http.get(f"{address}.svg{query}")
        assert "img-src data:" in drawn.headers["content-security-policy"]  # or no logo is shown
        svg = rasterised_svg(drawn.content)
        pdf = (await payer.http.get(f"{address}.pdf{query}")).content
        read = [read_picture(one.convert("RGB")) for one in (png, svg, rasterised_pdf(pdf))]
        assert {(code.text, code.level) for code in read} == {(read[0].text, "H")}
        assert (png.width, round(png.info["dpi"][0])) == (320, 203)
        assert opened_pdf(pdf)[0].get_width() == pytest.approx(40 / 25.4 * 72, abs=0.01)


async def test_a_network_that_has_too_many_checked_is_told_so_in_json_whatever_it_accepts(
    house: RunningHouse, payer: Payer
) -> None:
    address = (await house.make_link())["qr_url"]
    refused = [f"{address}?mm=10&color=0000{number:02x}" for number in range(PRESSED_AT_ONCE)]
    for one in refused:  # nothing of these is kept, and the press is hardly asked
        assert (await payer.http.get(one)).status_code == 422

    answer = await payer.http.get(f"{address}?mm=40", headers={"accept": "text/html"})

    assert (answer.status_code, answer.json()["error"]) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "1"
    assert (await payer.http.get(f"{address}?color=7a1fa2")).status_code == 200
    house.clock.advance(1_000)
    for _ in range(3):  # what is kept costs nothing
        assert (await payer.http.get(f"{address}?mm=40")).status_code == 200


async def test_an_option_that_cannot_be_is_refused_by_its_name(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()

    for query, field, words in REFUSED:
        answer = await payer.http.get(f"{link['qr_url']}?{query}")
        assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
        assert words in answer.json()["details"][field][0]
    for suffix in (".svg", ".pdf"):
        answer = await payer.http.get(f"{link['qr_url']}{suffix}?mm=40&dpi=300")
        assert answer.json()["details"] == {"dpi": ["is for PNG alone: this format has no dots"]}
