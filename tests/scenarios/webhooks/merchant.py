"""What a merchant does with webhook endpoints, by the API."""

from __future__ import annotations

import json
from typing import Any

from tests.support.receivers import Heard, Receiver
from tests.support.running import RunningHouse

ENDPOINTS, EVENTS = "/api/v1/webhook_endpoints", "/api/v1/events"


async def add_endpoint(house: RunningHouse, receiver: Receiver, **fields: object) -> dict[str, Any]:
    """With `secret`."""
    body = {"url": receiver.url(), **fields}
    answer = await house.shop.post(ENDPOINTS, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


async def endpoint_now(house: RunningHouse, endpoint: dict[str, Any]) -> dict[str, Any]:
    answer = await house.shop.get(f"{ENDPOINTS}/{endpoint['id']}")
    return dict(answer.json()["data"])


async def pay(house: RunningHouse, link: dict[str, Any]) -> None:
    """A payer pays by card, and everything that follows happens."""
    payer = house.new_payer()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()


async def events(house: RunningHouse, **filters: Any) -> list[dict[str, Any]]:
    answer = await house.shop.get(EVENTS, params=filters)
    return list(answer.json()["data"])


async def deliveries(house: RunningHouse, path: str, **filters: Any) -> list[dict[str, Any]]:
    """Below an event's or an endpoint's address; the oldest first."""
    answer = await house.shop.get(f"{path}/deliveries", params=filters)
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["data"]))


def told(heard: list[Heard]) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in heard]


def types(heard: list[Heard]) -> list[str]:
    return [body["type"] for body in told(heard)]
