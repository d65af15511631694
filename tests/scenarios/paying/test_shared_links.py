"""A link is passed on: what a messenger shows of it, and what a merchant pastes."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from PIL import Image

from tests.support.payers import Payer
from tests.support.running import RunningHouse
from tests.unit.catalog.photos import written
from tests.unit.qr.reading import open_png, read_picture

pytestmark = pytest.mark.anyio


async def preview(payer: Payer, address: str) -> dict[str, str]:
    """What the page tells a messenger."""
    html = (await payer.http.get(address, headers={"user-agent": "TelegramBot"})).text
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', html)
    return {name: unescape(value) for name, value in found}


async def upload(house: RunningHouse) -> str:
    files = {
        "image": ("menu.png", written(Image.new("RGB", (120, 63), "teal"), "PNG"), "image/png")
    }
    answer = await house.shop.post("/api/v1/images", files=files)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["url"])


async def test_a_messenger_shows_title_seller_amount_and_picture(
    house: RunningHouse, payer: Payer
) -> None:
    picture = await upload(house)
    link = await house.make_link(title="Breakfast & <b>tea</b>", image=picture)

    assert await preview(payer, link["url"]) == {
        "og:type": "website",
        "og:url": link["url"],
        "og:title": "Breakfast & <b>tea</b>",
        "og:description": f"Test: no money moves · Pay ₽10.00 · {house.merchant.name}",
        "og:site_name": house.merchant.name,
        "og:locale": "en_US",
        "og:image": picture,
        "og:image:width": "120",
        "og:image:height": "63",
        "og:image:alt": "Breakfast & <b>tea</b>",
        "twitter:card": "summary_large_image",
    }
    shown = await payer.http.get(picture)
    assert shown.headers["cross-origin-resource-policy"] == "cross-origin"
    assert shown.headers["content-type"] == "image/png"


async def test_without_a_picture_of_its_own_it_is_the_products(
    house: RunningHouse, payer: Payer
) -> None:
    plain, drawn = await house.make_product(), await house.make_product(image=await upload(house))
    link = await house.make_link(products=[plain["id"], drawn["id"]])
    assert (await preview(payer, link["url"]))["og:image"] == drawn["image"]


async def test_without_any_picture_a_card_is_drawn(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Breakfast for two")
    said = await preview(payer, link["url"])
    size = (said["og:image:width"], said["og:image:height"])
    assert said["og:image"] == f"{house.url}/pay/link/{link['id']}/card.png?v=1&lang=en"

    drawn = await payer.http.get(said["og:image"])

    assert drawn.headers["content-type"] == "image/png"
    assert drawn.headers["cache-control"] == "public, max-age=3600"
    assert drawn.headers["content-security-policy"] == "default-src 'none'"
    assert drawn.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (open_png(drawn.content).size, size) == ((1_200, 630), ("1200", "630"))
    scanned = read_picture(open_png(drawn.content)).text
    assert (await payer.http.get(scanned)).headers["location"] == link["url"]
    assert (await payer.http.get(said["og:image"])).content == drawn.content
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"status": "paused"})
    assert (await payer.look(said["og:image"])).state == "paused"


async def test_a_personal_address_has_a_card_of_its_own(house: RunningHouse, payer: Payer) -> None:
    amount = {"default": 0, "currency": "RUB"}
    link = await house.make_link(amount=amount, amount_type="dynamic", title="شاي 🍵")
    answer = await house.shop.post(f"/api/v1/links/{link['id']}/personal", json={"amount": 123_450})
    mine = answer.json()["data"]["url"]
    card = (await preview(payer, mine))["og:image"]

    drawn = await payer.http.get(card)

    assert drawn.headers["cache-control"] == "private, max-age=3600"
    scanned = read_picture(open_png(drawn.content)).text
    assert (await payer.http.get(scanned)).headers["location"] == mine
    assert (await payer.look(card.replace("123450", "1"))).status == 403


async def test_the_words_are_in_the_links_language_and_about_this_address(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(
        amount={"default": 0, "currency": "EUR"},
        amount_type="dynamic",
        pay_config={"label": "donate", "lang": "de"},
    )
    said = await preview(payer, link["url"])
    assert (said["og:locale"], "€" in said["og:description"]) == ("de_DE", False)
    answer = await house.shop.post(f"/api/v1/links/{link['id']}/personal", json={"amount": 123_450})
    mine = answer.json()["data"]["url"]
    said = await preview(payer, mine)
    assert said["og:url"] == mine
    assert "1.234,50\u00a0€" in said["og:description"]


async def test_an_end_says_no_amount(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Espresso")
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"status": "paused"})
    assert await preview(payer, link["url"]) == {}
    assert "10.00" not in (await payer.look(link["url"])).html


async def test_a_preview_leaves_no_trace(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    read = (f"/api/v1/links/{link['id']}", "/api/v1/events", "/api/v1/transactions")
    before = [(await house.shop.get(address)).json() for address in read]
    for _ in range(2):
        await preview(payer, link["url"])
    assert [(await house.shop.get(address)).json() for address in read] == before
    assert not payer.http.cookies


async def test_messengers_that_ask_may_look_and_search_engines_may_not(
    house: RunningHouse, payer: Payer
) -> None:
    groups = (await payer.http.get("/robots.txt")).text.split("\n\n")
    assert [group.splitlines()[-1] for group in groups] == ["Disallow: /", "Disallow: /"]
    assert groups[1] == "User-agent: *\nDisallow: /\n"
    assert "Allow: /pay/link/" in groups[0]
    assert "status" not in groups[0]
    page = await payer.look((await house.make_link())["url"])
    assert '<meta name="robots" content="noindex, nofollow">' in page.html


async def snippets(house: RunningHouse, link: dict[str, Any], query: str = "") -> dict[str, str]:
    answer = await house.shop.get(f"/api/v1/links/{link['id']}/snippets{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


async def test_the_letter_leads_to_the_page_and_its_code_is_the_printed_one(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(title="Espresso")

    letter = (await snippets(house, link))["email"]

    (page,), (code,) = re.findall(r'href="([^"]+)"', letter), re.findall(r'src="([^"]+)"', letter)
    assert (await payer.look(page)).amount == "₽10.00"
    drawn = await payer.http.get(code)
    assert drawn.headers["cross-origin-resource-policy"] == "cross-origin"
    picture = open_png(drawn.content)
    scanned = read_picture(picture).text
    assert picture.size == (320, 320)
    assert re.fullmatch(r"http://LOCALHOST:\d+/L/[0-9A-HJKMNP-TV-Z]{10}", scanned)
    assert (await payer.http.get(scanned)).headers["location"] == page


async def test_snippets_speak_the_language_that_is_asked_for(house: RunningHouse) -> None:
    link = await house.make_link()
    made = await snippets(house, link, "?lang=pt-BR")
    assert (made["lang"], "lang=pt-BR" in made["button"]) == ("pt-BR", True)
    wrong = await house.shop.get(f"/api/v1/links/{link['id']}/snippets?lang=xx")
    assert (wrong.status_code, list(wrong.json()["details"])) == (422, ["lang"])
    strange = house.client({"x-api-key": "hb_test_nobody"})
    assert (await strange.get(f"/api/v1/links/{link['id']}/snippets")).status_code == 401
