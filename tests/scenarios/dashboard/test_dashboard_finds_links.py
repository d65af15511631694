"""The list of links: newest first, searched, in pages; and what it says while it is empty."""

from __future__ import annotations

import re

import pytest

from tests.support.clerk import Clerk
from tests.support.payers import Seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


def titles(page: Seen) -> list[str]:
    return re.findall(r'<span class="row-title" dir="auto">(.*?)</span>', page.html)


async def test_an_empty_list_says_what_a_link_is(clerk: Clerk) -> None:
    assert "A link is a page where somebody pays you." in (await clerk.look("/links")).text
    assert "No products yet" in (await clerk.look("/links?of=products")).text
    assert "press Create" in (await clerk.look()).text


async def test_links_are_listed_newest_first_in_pages(house: RunningHouse, clerk: Clerk) -> None:
    for number in range(52):
        await house.make_link(title=f"Link {number}")
        house.clock.advance(1_000)
    first = await clerk.look("/links")
    assert titles(first) == [f"Link {number}" for number in reversed(range(2, 52))]
    assert "press Create" not in (await clerk.look()).text

    older = re.search(r'href="[^"]*/dashboard(/links\?cursor=[^"]+)"', first.html)
    assert older is not None
    last = await clerk.look(older[1])
    assert titles(last) == ["Link 1", "Link 0"]
    assert ("Newest" in last.text, "Older" in last.text) == (True, False)
    assert titles(await clerk.look("/links?cursor=nonsense")) == titles(first)


async def test_a_link_is_found_by_its_title_and_leads_to_its_print(
    house: RunningHouse, clerk: Clerk
) -> None:
    wanted = await house.make_link(title="Гитара, урок")
    await house.make_link(title="Breakfast")
    page = await clerk.look("/links?q=ГИТАРА")

    assert titles(page) == ["Гитара, урок"]
    assert f"/dashboard/links/{wanted['id']}#print" in page.html
    assert "Nothing here has “100 %”" in (await clerk.look("/links?q=100 %25")).text


async def test_a_row_tells_what_became_of_the_link(house: RunningHouse, clerk: Clerk) -> None:
    link = await house.make_link(title="One chair", max_payments=1)
    await house.shop.post(f"/api/v1/links/{link['id']}/placements", json={"names": ["Bar"]})
    payer = house.new_payer()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    text = (await clerk.look("/links")).text
    for words in ("₽10.00", "One chair", "Paid", "1 named code", "paid 1 time"):
        assert words in text


async def test_links_of_products_are_listed_apart(house: RunningHouse, clerk: Clerk) -> None:
    product = await house.make_product(header="Flat white")
    await house.make_link(title="Breakfast")
    assert titles(await clerk.look("/links")) == ["Breakfast"]
    page = await clerk.look("/links?of=products&q=white")
    assert titles(page) == ["Flat white"]
    assert product["link"] in page.html


async def test_text_of_merchants_is_text(house: RunningHouse, clerk: Clerk) -> None:
    await house.make_link(title="<script>alert(1)</script>")
    for path in ("/links", "/links?q=<script>alert(1)</script>"):
        assert "<script>alert" not in (await clerk.look(path)).html
