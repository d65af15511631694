"""A payer reads the page in a language of their own, and stays in it until the receipt."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest

from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

TRANSACTIONS = "/api/v1/transactions"


def spoken(answer: httpx2.Response) -> str:
    """The language that a page says it is in, in both places where it says so."""
    language = str(answer.headers["content-language"])
    assert f'<html lang="{language}"' in answer.text
    assert "accept-language" in answer.headers["vary"]
    return language


async def read(payer: Payer, address: str, accept: str = "") -> str:
    return spoken(await payer.http.get(address, headers={"accept-language": accept}))


async def test_the_browser_decides_where_nobody_else_does(
    house: RunningHouse, payer: Payer
) -> None:
    url = (await house.make_link())["url"]

    assert await read(payer, url) == "en"
    assert await read(payer, url, "de-CH, en;q=0.5") == "de"
    assert await read(payer, url + "?lang=ja", "de-CH") == "ja"
    assert await read(payer, url + "?lang=klingon", "de-CH") == "de"
    assert await read(payer, house.url, "pt") == "pt-BR"
    assert await read(payer, house.url + "/nothing/here?lang=ru") == "ru"


async def test_a_link_has_a_language_of_its_own_until_it_is_taken_away(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config={"lang": "kk"})
    assert link["pay_config"] == {"lang": "kk"}
    for _ in range(2):  # the second comes from memory
        assert await read(payer, link["url"], "ru") == "kk"
        assert await read(payer, link["url"] + "?lang=uk", "ru") == "uk"

    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"pay_config": {"lang": None}})

    assert await read(payer, link["url"], "ru") == "ru"


async def test_each_language_has_its_own_copy_in_memory(house: RunningHouse, payer: Payer) -> None:
    url = (await house.make_link(amount={"default": 198_050, "currency": "RUB"}))["url"]
    asked = [("", "en"), ("", "ru"), ("?lang=ar", "ru"), ("?lang=ru", "ar")]

    for _ in range(2):
        seen = [await read(payer, url + one, accept) for one, accept in asked]
        assert seen == ["en", "ru", "ar", "ru"]

    page = await payer.http.get(url, headers={"accept-language": "ru"})
    assert "1\u00a0980,50" in page.text
    page = await payer.http.get(url + "?lang=ar")
    assert 'dir="rtl"' in page.text


async def test_an_address_that_says_more_is_not_answered_from_memory(
    house: RunningHouse, payer: Payer
) -> None:
    url = (await house.make_link())["url"]
    await read(payer, url + "?lang=de&from=flyer")

    assert await read(payer, url + "?lang=de") == "de"
    assert await read(payer, url + "?from=flyer&lang=fr") == "fr"


async def test_the_language_of_the_page_is_kept_until_the_receipt(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    page = await payer.look(link["url"] + "?lang=tr")
    action = f"{link['url']}?lang=tr"
    assert f'action="{action}"' in page.html

    answer = await payer.press(action, page.token, method="card")
    back = await payer.decide(answer.headers["location"], "approve")

    assert back.endswith("lang=tr") is False  # it is the payment that knows
    assert await read(payer, back, "de") == "tr"
    assert await read(payer, back + "?lang=fr", "de") == "fr"


async def test_whoever_goes_on_in_another_language_keeps_that_one(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    await payer.begin(link["url"] + "?lang=ru", "card")

    status = await payer.begin(link["url"] + "?lang=uk", "sbp")

    assert await read(payer, status, "de") == "uk"
    again = (await payer.look(status)).buttons
    assert link["url"] + "?lang=uk" in again.values()


async def test_what_is_wrong_with_pay_is_said_in_the_language_of_the_page(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(amount={"default": 0, "currency": "RUB"}, amount_type="dynamic")
    page = await payer.look(link["url"] + "?lang=es")
    refused = await payer.press(link["url"] + "?lang=es", page.token, method="card", amount="x")
    forged = await payer.press(link["url"] + "?lang=es", "forged", method="card")

    assert (refused.status_code, spoken(refused)) == (422, "es")
    assert (forged.status_code, spoken(forged)) == (409, "es")
    assert f'href="{link["url"]}?lang=es"' in forged.text


async def test_a_printed_code_may_name_a_language(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    picture = (await payer.http.get(link["qr_url"])).headers["content-disposition"]
    code = picture.rpartition("-")[2].partition(".")[0]

    answer = await payer.http.get(f"/L/{code}?lang=ja")

    assert answer.headers["location"] == link["url"] + "?lang=ja"


async def test_a_payment_of_the_api_speaks_the_language_that_it_was_given(
    house: RunningHouse, payer: Payer
) -> None:
    params = {"type": "payment", "amount": 1000, "currency": "RUB"}
    made = await house.shop.post(TRANSACTIONS, json={"params": {**params, "lang": "kk"}})
    refused = await house.shop.post(TRANSACTIONS, json={"params": {**params, "lang": "sv"}})

    there = await payer.http.get(made.json()["data"]["payment_url"])
    assert await read(payer, there.headers["location"], "de") == "kk"
    assert list(refused.json()["details"]) == ["params.lang"]


async def test_every_page_offers_the_other_languages_without_script(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    for address in (link["url"], house.url, house.url + "/nowhere"):
        html = (await payer.http.get(address)).text
        assert html.count('<a href="?lang=') == 11
        assert '<a href="?lang=ar" lang="ar" hreflang="ar">العربية</a>' in html
        assert '<b lang="en" aria-current="true">English</b>' in html


async def test_a_personal_address_keeps_what_it_says_in_every_language(
    house: RunningHouse, payer: Payer
) -> None:
    typed = {"amount": {"default": 0, "currency": "RUB"}, "amount_type": "dynamic"}
    link = await house.make_link(**typed)
    made = await house.shop.post(f"/api/v1/links/{link['id']}/personal", json={"amount": 7_700})
    page = await payer.http.get(made.json()["data"]["url"])

    [other] = re.findall(r'href="([^"]+)" lang="ru"', page.text)
    spoken_otherwise = await payer.http.get(link["url"] + unescape(other))

    assert spoken(spoken_otherwise) == "ru"
    assert "77,00" in spoken_otherwise.text
