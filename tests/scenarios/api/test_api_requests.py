"""The inbox of requests for new links, as an integrator reads it."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.kernel import ids
from handbill.links import asks
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, made, refused_query

pytestmark = pytest.mark.anyio

REQUESTS = "/api/v1/requests"


async def asked(house: ApiHouse) -> dict[str, Any]:
    """A link that is gone, with one request for a new one."""
    link = await made(house.shop, LINKS, LINK)
    await house.shop.delete(f"{LINKS}/{link['id']}")
    await house.deps.db.write(
        lambda tx: asks.ask(tx, link["id"], "ru"), merchant=house.shop_merchant.id
    )
    return link


async def read(house: ApiHouse, path: str = REQUESTS, **filters: Any) -> list[dict[str, Any]]:
    answer = await house.shop.get(path, params=filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_requests_are_listed_of_all_links_and_of_one(house: ApiHouse) -> None:
    first, second = await asked(house), await asked(house)

    found = await read(house)

    assert {one["link"] for one in found} == {first["id"], second["id"]}
    assert await read(house, f"{LINKS}/{first['id']}/requests") == await read(
        house, link=first["id"]
    )
    [one] = await read(house, link=second["id"])
    assert (one["state"], one["lang"], one["test"]) == ("deleted", "ru", True)
    assert (one["done"], one["done_at"]) == (False, None)
    page = (await house.shop.get(REQUESTS, params={"limit": 1})).json()
    assert page["has_more"]
    cursor = page["cursor"]["cursor_value"]
    assert page["data"] + await read(house, cursor=cursor) == found


async def test_a_request_is_ticked_off(house: ApiHouse) -> None:
    await asked(house)
    [request] = await read(house)

    answer = await house.shop.patch(f"{REQUESTS}/{request['id']}", json={"done": True})

    assert answer.status_code == 200
    assert answer.json()["data"]["done_at"] is not None
    assert await read(house, done="false") == []
    assert len(await read(house, done="true")) == 1


async def test_requests_of_others_are_not_there(house: ApiHouse) -> None:
    link = await asked(house)
    [request] = await read(house)

    for client in (house.other, house.shop_live):
        assert (await client.get(REQUESTS)).json()["data"] == []
        assert (await client.get(f"{LINKS}/{link['id']}/requests")).status_code == 404
        change = await client.patch(f"{REQUESTS}/{request['id']}", json={"done": True})
        assert change.status_code == 404
        assert (await client.get(f"{REQUESTS}/{request['id']}")).status_code == 404
    assert (await house.shop.get(f"{REQUESTS}/{request['id']}")).json()["data"] == request
    assert (await house.stranger.get(REQUESTS)).status_code == 401


async def test_what_is_not_understood_is_refused_by_name(house: ApiHouse) -> None:
    await asked(house)
    [request] = await read(house)

    for wrong in ("link=x", "done=perhaps", "state=expired"):
        faults = await refused_query(house.shop, f"{REQUESTS}?{wrong}")
        assert list(faults) == [wrong.partition("=")[0]]
    for body in ({}, {"done": "yes"}, {"done": None}):
        answer = await house.shop.patch(f"{REQUESTS}/{request['id']}", json=body)
        assert (answer.status_code, list(answer.json()["details"])) == (422, ["done"])
    missing = await house.shop.patch(f"{REQUESTS}/{ids.new_id(0)}", json={"done": True})
    assert missing.status_code == 404
