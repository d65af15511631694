"""Everything that happens can be read afterwards, in its order, as it then was."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.events import TYPES
from handbill.kernel.clock import HOUR, ManualClock
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import (
    EVENTS,
    LINK,
    LINKS,
    PRODUCT,
    PRODUCTS,
    TRANSACTIONS,
    made,
    refused_query,
)

pytestmark = pytest.mark.anyio

WITHOUT = {"image", "url", "qr_url", "payment_url", "products", "products_total", "print"}
"""What the API shows beside the snapshot of an event: addresses, and what they are built from."""


async def read(house: ApiHouse, **filters: Any) -> list[dict[str, Any]]:
    answer = await house.shop.get(EVENTS, params=filters)
    assert answer.status_code == 200, answer.text
    events: list[dict[str, Any]] = answer.json()["data"]
    return events


def stable(shown: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in WITHOUT}


async def test_an_event_holds_the_object_as_the_api_showed_it(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    body = {**LINK, "products": [product["id"]], "metadata": {"table": "7"}, "title": "Lunch"}
    link = await made(house.shop, LINKS, body)
    order = {"params": {"type": "payment", "amount": 100, "currency": "RUB"}}
    payment = await made(house.shop, TRANSACTIONS, order)

    told = await read(house)

    assert [event["type"] for event in told] == [
        *("product.created", "link.created", "payment.created")
    ]
    assert [event["object"] for event in told] == [product["id"], link["id"], payment["id"]]
    assert stable(told[0]["data"]) == stable(product)
    assert stable(told[1]["data"]) == stable(link)
    assert told[1]["data"]["products"] == [product["id"]]
    assert stable(told[2]["data"]) == stable(payment)


async def test_what_is_told_of_a_payment_holds_nothing_of_the_payer(house: ApiHouse) -> None:
    customer = {"email": "anna@example.org", "phone": "+79990001122", "name": "Anna Ivanova"}
    order = {"type": "payment", "amount": 100, "currency": "RUB", "customer": customer}
    payment = await made(house.shop, TRANSACTIONS, {"params": order})

    [event] = await read(house, object=payment["id"])

    assert not any(word in str(event) for word in customer.values())
    assert payment["payment_url"].rsplit("/", 1)[1] not in str(event)


async def test_every_change_of_a_link_is_an_event_with_the_link_after_it(
    house: ApiHouse, clock: ManualClock
) -> None:
    link = await made(house.shop, LINKS, LINK)
    path = f"{LINKS}/{link['id']}"
    clock.advance(HOUR)
    changed = (await house.shop.patch(path, json={"title": "New"})).json()["data"]
    await house.shop.patch(path, json={"status": "paused"})
    await house.shop.delete(path)

    told = await read(house, object=link["id"])

    assert [(e["type"], e["object_sequence"], e["data"]["status"]) for e in told] == [
        ("link.created", 1, "active"),
        ("link.updated", 2, "active"),
        ("link.paused", 3, "paused"),
        ("link.deleted", 4, "closed"),
    ]
    assert told[0]["data"]["title"] is None
    assert stable(told[1]["data"]) == stable(changed)


async def test_who_goes_on_after_the_last_number_misses_nothing(house: ApiHouse) -> None:
    links = [(await made(house.shop, LINKS, LINK))["id"] for _ in range(5)]
    await made(house.shop_live, LINKS, LINK)
    links.append((await made(house.shop, LINKS, LINK))["id"])

    seen: list[str] = []
    path: str | None = f"{EVENTS}?limit=2"
    while path is not None:
        answer = await house.shop.get(path)
        page = answer.json()
        seen += [event["object"] for event in page["data"]]
        last = str(page["data"][-1]["sequence"]) if page["has_more"] else None
        assert page["cursor"] == {"cursor_field": "sequence", "cursor_value": last}
        path = answer.links["next"]["url"] if page["has_more"] else None

    assert seen == links
    [last_one] = await read(house, after=6)
    assert (last_one["object"], last_one["sequence"]) == (links[-1], 7)
    assert await read(house, after=7) == []


async def test_events_are_narrowed_to_a_type_and_an_object(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    await made(house.shop, LINKS, LINK)

    assert [e["type"] for e in await read(house, type="product.created")] == ["product.created"]
    assert [e["type"] for e in await read(house, object=product["id"])] == ["product.created"]
    assert await read(house, object=product["id"], type="link.created") == []


async def test_one_event_is_read_by_its_id(house: ApiHouse) -> None:
    await made(house.shop, LINKS, LINK)
    [event] = await read(house)

    answer = await house.shop.get(f"{EVENTS}/{event['id']}")

    assert (answer.status_code, answer.json()["data"]) == (200, event)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=9223372036854775808", "after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("type=link.bent", "type"),
        ("object=1", "object"),
        ("cursor=AAAA", "cursor"),
    ],
)
async def test_a_wrong_filter_is_refused_by_name(house: ApiHouse, query: str, field: str) -> None:
    assert list(await refused_query(house.shop, f"{EVENTS}?{query}")) == [field]


async def test_a_wrong_type_is_told_which_there_are(house: ApiHouse) -> None:
    details = await refused_query(house.shop, f"{EVENTS}?type=link.bent")

    assert all(name in details["type"][0] for name in TYPES)
