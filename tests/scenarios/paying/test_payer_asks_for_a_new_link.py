"""A payer who comes too late asks for a new link: one button, and the merchant finds it."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel.clock import HOUR
from tests.support.payers import Payer, Seen, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

EXPIRES = "2026-03-01T10:05:00+00:00"


async def ended(house: RunningHouse, **fields: object) -> dict[str, Any]:
    link = await house.make_link(expires_at=EXPIRES, **fields)
    await house.pass_time(HOUR)
    return link


async def ask(payer: Payer, page: Seen) -> Seen:
    """Presses the button that the page has, as a browser without script does."""
    return seen(await payer.http.post(page.form))


async def inbox(house: RunningHouse) -> list[dict[str, Any]]:
    answer = await house.shop.get("/api/v1/requests")
    return list(answer.json()["data"])


async def test_the_button_tells_the_seller(house: RunningHouse, payer: Payer) -> None:
    link = await ended(house, title="Two tickets")
    page = await payer.look(link["url"])
    assert "Ask for a new link" in page.text
    assert "<textarea" not in page.html
    assert "<input" not in page.html

    answer = await ask(payer, page)

    assert (answer.status, answer.state) == (200, "asked")
    assert "The seller has been told" in answer.text
    assert "Two tickets" in answer.text
    [request] = await inbox(house)
    assert (request["link"], request["state"], request["done"]) == (link["id"], "expired", False)


async def test_the_fourth_within_an_hour_reads_that_the_seller_knows(
    house: RunningHouse, payer: Payer
) -> None:
    link = await ended(house)
    page = await payer.look(link["url"])
    for _ in range(3):
        assert (await ask(payer, page)).status == 200

    answer = await ask(payer, page)
    problem = await payer.http.post(page.form, headers=JSON)

    assert (answer.status, answer.state) == (429, "asked_often")
    assert answer.headers["retry-after"] == problem.headers["retry-after"] == "3600"
    assert "The seller knows already" in answer.text
    assert (problem.status_code, problem.json()["error"]) == (429, "rate_limited")
    assert len(await inbox(house)) == 3


async def test_a_deleted_product_can_be_asked_about(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product()
    await house.shop.delete(f"/api/v1/products/{product['id']}")

    answer = await ask(payer, await payer.look(product["url"]))

    assert (answer.status, answer.state) == (200, "asked")
    assert [one["link"] for one in await inbox(house)] == [product["link"]]


async def test_where_the_link_is_open_again_its_page_comes(
    house: RunningHouse, payer: Payer
) -> None:
    link = await ended(house)
    page = await payer.look(link["url"])
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"expires_at": None})

    answer = await payer.http.post(page.form)

    assert (answer.status_code, answer.headers["location"]) == (303, link["url"])
    assert await inbox(house) == []


async def test_who_may_wait_or_has_paid_gets_no_button(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(max_payments=1)
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    paused = await house.make_link()
    await house.shop.patch(f"/api/v1/links/{paused['id']}", json={"status": "paused"})

    mine, theirs = await payer.look(link["url"]), await house.new_payer().look(link["url"])

    assert (mine.state, "Ask for a new link" in mine.text) == ("paid_by_you", False)
    assert (theirs.state, "Ask for a new link" in theirs.text) == ("used", True)
    assert "Ask for a new link" not in (await payer.look(paused["url"])).text


async def test_a_program_is_told_in_json(house: RunningHouse, payer: Payer) -> None:
    link = await ended(house)

    answer = await payer.http.post(f"/pay/link/{link['id']}/ask", headers=JSON)
    nowhere = await payer.http.post("/pay/link/nonsense/ask", headers=JSON)
    read = await payer.http.get(f"/pay/link/{link['id']}/ask?lang=ru")

    assert (answer.status_code, answer.json()) == (
        201,
        {"data": {"link": link["id"], "told": True}},
    )
    assert (nowhere.status_code, read.status_code) == (404, 303)
    assert read.headers["location"] == link["url"] + "?lang=ru"
