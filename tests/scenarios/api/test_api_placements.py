"""One link, many codes: placements as an integrator makes and reads them."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel import ids
from handbill.links import traffic
from handbill.merchants import keys
from handbill.merchants.model import Scope
from tests.scenarios.api.conftest import BASE, ApiHouse
from tests.scenarios.api.shapes import (
    EVENTS,
    LINK,
    LINKS,
    PRODUCT,
    PRODUCTS,
    made,
    refused,
    refused_query,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: the stores are tried on both."""
    return sqlite_url


async def link_of(house: ApiHouse) -> str:
    """The address of the placements of a new link."""
    return f"{LINKS}/{(await made(house.shop, LINKS, LINK))['id']}/placements"


async def make(house: ApiHouse, path: str, **body: Any) -> list[dict[str, Any]]:
    answer = await house.shop.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def names(house: ApiHouse, path: str, **filters: Any) -> list[str]:
    answer = await house.shop.get(path, params=filters)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["data"]]


async def test_forty_tables_are_one_request(house: ApiHouse) -> None:
    path = await link_of(house)

    tables = await make(house, path, range="Table 1..40")

    assert [one["name"] for one in tables] == [f"Table {n}" for n in range(1, 41)]
    one = tables[0]
    code = one["code"]
    assert one == {
        "id": one["id"],
        "created": one["created"],
        "link": path.split("/")[-2],
        "name": "Table 1",
        "code": code,
        "url": f"https://PAY.EXAMPLE/L/{code}",
        "page_url": f"{BASE}/pay/at/{code.lower()}",
        "qr_url": f"{BASE}/pay/at/{code.lower()}/qr",
        "opens": 0,
        "starts": 0,
        "paid": 0,
        "print": None,
        "test": True,
        "updated": one["created"],
    }
    assert (await house.shop.get(f"{path}/{one['id']}")).json()["data"] == one
    events = (await house.shop.get(EVENTS)).json()["data"]
    assert [e["type"] for e in events] == ["link.created", "link.placements_changed"]
    assert len(events[1]["data"]["placements"]) == 40


async def test_names_and_tables_are_taken_as_they_are(house: ApiHouse) -> None:
    path = await link_of(house)

    await make(house, path, names=["Window ", "Table 1..2"])
    await make(house, path, csv='\ufeffname;seats\r\n"Tisch 1; Garten";4\r\nBar;2\r\n')

    assert await names(house, path) == ["Window", "Table 1..2", "Tisch 1; Garten", "Bar"]


async def test_every_fault_of_every_row_is_told_before_anything_is_made(house: ApiHouse) -> None:
    path = await link_of(house)
    await make(house, path, names=["Bar"])

    assert await refused(house.shop, path, {"csv": "name\nWindow\n\nBar\nWindow\n" + "x" * 81}) == {
        "csv.4": ["“Bar” is taken: the link has a placement of this name"],
        "csv.5": ["“Window” stands twice, first in csv.2"],
        "csv.6": ["must be at most 80 characters"],
    }
    assert await refused(house.shop, path, {"names": ["", " Bar", 7, "a\tb"]}) == {
        "names.2": ["must be a string"]
    }
    assert list(await refused(house.shop, path, {"names": ["", " Bar", "a\tb"]})) == [
        *("names.0", "names.1", "names.2")
    ]
    for body, field in (
        ({}, "names"),
        ({"names": ["a"], "range": "b 1..2"}, "names"),
        ({"names": []}, "names"),
        ({"names": ["a"] * 501}, "names"),
        ({"range": "Table"}, "range"),
        ({"range": "Table 1..501"}, "range"),
        ({"csv": ""}, "csv"),
        ({"csv": 'name\n"Bar'}, "csv.2"),
    ):
        assert list(await refused(house.shop, path, body)) == [field], body
    assert await names(house, path) == ["Bar"]


async def test_they_are_walked_and_found_by_name(house: ApiHouse) -> None:
    path = await link_of(house)
    await make(house, path, range="СТОЛИК 1..5")
    await make(house, path, names=["Бар"])

    page = (await house.shop.get(path, params={"limit": 4, "q": "столик"})).json()

    assert page["has_more"]
    cursor = page["cursor"]["cursor_value"]
    assert await names(house, path, q="столик", cursor=cursor) == ["СТОЛИК 5"]
    assert await names(house, path, q="БАР") == ["Бар"]
    for wrong in ("q=", "name=x", "limit=0"):
        assert list(await refused_query(house.shop, f"{path}?{wrong}")) == [wrong.partition("=")[0]]


async def test_what_came_by_each_is_counted(house: ApiHouse) -> None:
    path = await link_of(house)
    [bar, window] = await make(house, path, names=["Bar", "Window"])
    link_id = bar["link"]

    def pay(tx: Any) -> None:
        traffic.count_start(tx, link_id, bar["id"])
        traffic.count_start(tx, link_id, bar["id"])
        traffic.count_paid(tx, link_id, bar["id"])
        traffic.count_start(tx, link_id, None)

    await house.deps.db.write(pay, merchant=house.shop_merchant.id)

    listed = (await house.shop.get(path)).json()["data"]
    assert listed == [{**bar, "starts": 2, "paid": 1}, window]
    assert (await house.shop.get(f"{path}/{bar['id']}")).json()["data"] == listed[0]
    renamed = await house.shop.patch(f"{path}/{bar['id']}", json={"name": "Counter"})
    assert renamed.json()["data"]["starts"] == 2


async def test_one_is_renamed_moved_and_removed(house: ApiHouse) -> None:
    path, other = await link_of(house), await link_of(house)
    [bar, _] = await make(house, path, names=["Bar", "Window"])
    one = f"{path}/{bar['id']}"

    renamed = await house.shop.patch(one, json={**bar, "name": " Counter"})  # as it was read
    assert renamed.status_code == 200
    assert renamed.json()["data"] == {**bar, "name": "Counter"}
    for body in ({"name": "Window"}, {"name": ""}, {"link": ids.new_id(0)}, {"link": "x"}):
        answer = await house.shop.patch(one, json=body)
        assert (answer.status_code, list(answer.json()["details"])) == (422, list(body))
    moved = await house.shop.patch(one, json={"link": other.split("/")[-2]})
    assert moved.json()["data"]["code"] == bar["code"]
    assert (await house.shop.get(one)).status_code == 404
    assert (await names(house, path), await names(house, other)) == (["Window"], ["Counter"])

    gone = await house.shop.delete(f"{other}/{bar['id']}")

    assert gone.json() == {"data": {"id": bar["id"], "deleted": True}}
    assert (await house.shop.delete(f"{other}/{bar['id']}")).status_code == 404
    assert await names(house, other) == []


async def test_a_repeat_with_its_key_makes_nothing_twice(house: ApiHouse) -> None:
    path = await link_of(house)
    key = {"idempotency-key": "tables"}

    first = await house.shop.post(path, json={"range": "Table 1..3"}, headers=key)
    again = await house.shop.post(path, json={"range": "Table 1..3"}, headers=key)
    bare = await house.shop.post(path, json={"range": "Table 1..3"})

    assert (first.status_code, again.status_code, bare.status_code) == (201, 201, 422)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert list(bare.json()["details"]) == ["range"]
    assert len(await names(house, path)) == 3


async def test_a_product_has_them_at_its_own_link(house: ApiHouse) -> None:
    product = await made(house.shop, PRODUCTS, PRODUCT)
    path = f"{LINKS}/{product['link']}/placements"
    await make(house, path, names=["Shelf"])

    await house.shop.delete(f"{PRODUCTS}/{product['id']}")

    assert await names(house, path) == ["Shelf"]  # on paper still, and can be moved
    assert (await house.shop.post(path, json={"names": ["Bar"]})).status_code == 404


async def test_placements_of_others_are_not_there(house: ApiHouse) -> None:
    path, theirs = await link_of(house), await made(house.other, LINKS, LINK)
    [bar] = await make(house, path, names=["Bar"])
    one = f"{path}/{bar['id']}"

    for client in (house.other, house.shop_live):
        answers = [
            await client.get(path),
            await client.post(path, json={"names": ["Window"]}),
            await client.get(one),
            await client.patch(one, json={"name": "Window"}),
            await client.delete(one),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
    foreign = f"{LINKS}/{theirs['id']}/placements/{bar['id']}"
    assert (await house.other.get(foreign)).status_code == 404
    assert (await house.shop.get(f"{path}/nonsense")).status_code == 404
    away = await house.shop.patch(one, json={"link": theirs["id"]})
    assert (away.status_code, list(away.json()["details"])) == (422, ["link"])
    assert (await house.stranger.get(path)).status_code == 401
    assert (await house.shop.get(one)).json()["data"] == bar


async def test_a_key_needs_the_scope_links(house: ApiHouse) -> None:
    path = await link_of(house)
    _, text = await house.deps.db.write(
        lambda tx: keys.create(
            tx, house.deps.crypto, house.shop_merchant.id, test=True, scopes=[Scope.PAYMENTS]
        )
    )

    assert (await house.client(text).get(path)).status_code == 403
    assert (await house.client(text).post(path, json={"names": ["a"]})).status_code == 403
