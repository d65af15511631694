"""Webhook endpoints in the API: what is taken, what is refused, what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from handbill.webhooks.model import ENDPOINTS_MAX
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import ENDPOINTS, made, refused

pytestmark = pytest.mark.anyio

URL = "https://shop.example/events"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database will do: nothing here depends on which."""
    return sqlite_url


async def test_an_endpoint_is_made_and_its_secret_shown_once(house: ApiHouse) -> None:
    endpoint = await made(house.shop, ENDPOINTS, {"url": URL})

    secret = endpoint.pop("secret")
    assert secret.startswith("whsec_")
    assert endpoint == {
        "id": endpoint["id"],
        "created": "2026-03-01T10:00:00+00:00",
        "url": URL,
        "events": ["*"],
        "format": "event",
        "description": None,
        "status": "enabled",
        "status_reason": None,
        "failing_since": None,
        "test": True,
        "updated": "2026-03-01T10:00:00+00:00",
    }
    assert (await house.shop.get(f"{ENDPOINTS}/{endpoint['id']}")).json()["data"] == endpoint
    assert (await house.shop.get(ENDPOINTS)).json()["data"] == [endpoint]


async def test_types_are_kept_in_their_order_and_once_each(house: ApiHouse) -> None:
    types = ["payment.charged", "link.created", "payment.charged"]
    endpoint = await made(house.shop, ENDPOINTS, {"url": URL, "events": types})

    assert endpoint["events"] == ["payment.charged", "link.created"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "ftp://shop.example/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://user:word@shop.example/"}, "url"),
        ({"url": "https://shop.example/" + "x" * 2_048}, "url"),
        ({"events": []}, "events"),
        ({"events": ["payment.bent"]}, "events.0"),
        ({"events": ["payment.charged"] * 51}, "events"),
        ({"events": ["payment.charged", "link.created"], "format": "flat"}, "events.1"),
        ({"format": "xml"}, "format"),
        ({"description": "x" * 201}, "description"),
        ({"event": ["payment.charged"]}, "event"),
    ],
)
async def test_a_fault_is_refused_by_name_and_nothing_is_made(
    house: ApiHouse, fields: dict[str, Any], field: str
) -> None:
    assert list(await refused(house.shop, ENDPOINTS, {"url": URL, **fields})) == [field]
    assert (await house.shop.get(ENDPOINTS)).json()["data"] == []


async def test_a_live_endpoint_is_reached_by_https_only(house: ApiHouse) -> None:
    plain = {"url": "http://shop.example/"}

    assert list(await refused(house.shop_live, ENDPOINTS, plain)) == ["url"]
    await made(house.shop, ENDPOINTS, plain)


async def test_a_change_is_judged_like_a_new_endpoint(house: ApiHouse) -> None:
    path = f"{ENDPOINTS}/{(await made(house.shop, ENDPOINTS, {'url': URL}))['id']}"
    await house.shop.patch(path, json={"events": ["link.created"], "description": "Books"})

    flat = await house.shop.patch(path, json={"format": "flat"})
    inside = await house.shop.patch(path, json={"url": "https://192.168.1.1/"})
    now = (await house.shop.get(path)).json()["data"]
    back = await house.shop.patch(path, json=now)
    cleared = await house.shop.patch(path, json={"description": None})

    assert list(flat.json()["details"]) == ["events.0"]
    assert list(inside.json()["details"]) == ["url"]
    assert (now["format"], now["url"], now["description"]) == ("event", URL, "Books")
    assert back.json()["data"] == now
    assert cleared.json()["data"]["description"] is None


async def test_a_merchant_has_so_many_endpoints_in_each_mode(house: ApiHouse) -> None:
    ids = [(await made(house.shop, ENDPOINTS, {"url": URL}))["id"] for _ in range(ENDPOINTS_MAX)]

    full = await house.shop.post(ENDPOINTS, json={"url": URL})
    await made(house.shop_live, ENDPOINTS, {"url": URL})
    await house.shop.delete(f"{ENDPOINTS}/{ids[0]}")
    await made(house.shop, ENDPOINTS, {"url": URL})

    assert (full.status_code, full.json()["error"]) == (409, "conflict")


async def test_a_deleted_endpoint_is_not_found(house: ApiHouse) -> None:
    path = f"{ENDPOINTS}/{(await made(house.shop, ENDPOINTS, {'url': URL}))['id']}"
    await house.shop.delete(path)

    assert (await house.shop.get(path)).status_code == 404
    assert (await house.shop.delete(path)).status_code == 404
    assert (await house.shop.get(ENDPOINTS)).json()["data"] == []


@pytest.mark.parametrize("hours", [-1, 169, "24", 1.5])
async def test_an_overlap_is_from_none_to_a_week(house: ApiHouse, hours: object) -> None:
    path = f"{ENDPOINTS}/{(await made(house.shop, ENDPOINTS, {'url': URL}))['id']}/secret"

    assert list(await refused(house.shop, path, {"overlap_hours": hours})) == ["overlap_hours"]
    week = await made(house.shop, path, {"overlap_hours": 168})
    assert week["previous_until"] == "2026-03-08T10:00:00+00:00"


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "after"),
        ({"until": 5}, "after"),
        ({"after": 5, "until": 5}, "until"),
        ({"after": -1}, "after"),
        ({"failed": True, "after": 1}, "failed"),
        ({"failed": "yes"}, "failed"),
    ],
)
async def test_a_replay_says_what_it_wants(
    house: ApiHouse, order: dict[str, Any], field: str
) -> None:
    path = f"{ENDPOINTS}/{(await made(house.shop, ENDPOINTS, {'url': URL}))['id']}/replay"

    assert list(await refused(house.shop, path, order)) == [field]


async def test_nothing_is_replayed_to_a_disabled_endpoint(house: ApiHouse) -> None:
    path = f"{ENDPOINTS}/{(await made(house.shop, ENDPOINTS, {'url': URL}))['id']}"
    await house.shop.patch(path, json={"status": "disabled"})

    answer = await house.shop.post(f"{path}/replay", json={"failed": True})

    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
