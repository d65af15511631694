"""A page that was shown before comes from memory, and is never older than the last answer of the
API."""

from __future__ import annotations

import httpx2
import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def shown_twice(payer: Payer, address: str) -> tuple[httpx2.Response, httpx2.Response]:
    return await payer.http.get(address), await payer.http.get(address)


async def test_only_its_token_is_another(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Two coffees")
    first, second = await shown_twice(payer, link["url"])
    tokens = [(await payer.look(link["url"])).token for _ in range(3)]

    assert len(set(tokens)) == 3
    assert len(first.text) == len(second.text)
    own = {"date": "", "x-request-id": ""}
    assert {**first.headers, **own} == {**second.headers, **own}
    assert "Two coffees" in second.text


async def test_a_change_is_seen_at_once(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(title="Before")
    await shown_twice(payer, link["url"])

    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"title": "After"})

    page = await payer.look(link["url"])
    assert "After" in page.text
    assert "Before" not in page.text


async def test_a_products_page_follows_its_product(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product(header="Before", price=1000)
    await shown_twice(payer, product["url"])

    await house.shop.patch(f"/api/v1/products/{product['id']}", json={"header": "After"})
    assert "After" in (await payer.look(product["url"])).text

    await house.shop.delete(f"/api/v1/products/{product['id']}")
    assert (await payer.look(product["url"])).status in (404, 410)


async def test_a_link_ends_on_time_also_from_memory(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(expires_at="2026-03-01T10:05:00+00:00")
    await shown_twice(payer, link["url"])

    house.clock.advance(5 * MINUTE)

    assert (await payer.look(link["url"])).status == 410


async def test_a_payer_who_began_sees_their_own_page(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    stranger = house.new_payer()
    await shown_twice(stranger, link["url"])

    await payer.begin(link["url"])

    assert "Continue" in (await payer.look(link["url"])).text
    assert "Continue" not in (await stranger.look(link["url"])).text


async def test_looking_without_the_body_is_answered_too(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    page, _ = await shown_twice(payer, link["url"])

    head = await payer.http.head(link["url"])

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]
