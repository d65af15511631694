"""Bodies that the scenarios of the API begin with."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.support.transfers import EUROS, ROUBLES

LINKS, PRODUCTS, TRANSACTIONS = "/api/v1/links", "/api/v1/products", "/api/v1/transactions"

EVENTS, ENDPOINTS = "/api/v1/events", "/api/v1/webhook_endpoints"
REQUESTS, CHANNELS = "/api/v1/requests", "/api/v1/notice_channels"
ACCOUNTS = "/api/v1/provider_accounts"

LINK: dict[str, Any] = {
    "amount": {"default": 1000, "currency": "RUB"},
    "amount_type": "fixed",
    "pay_config": {"methods": ["card"]},
}
PRODUCT: dict[str, Any] = {
    "header": "Coffee",
    "text": "Espresso 200ml",
    "price": 350,
    "currency": "RUB",
    "qty": "1",
}
IN_ROUBLES = {"provider": "transfer", "currency": "RUB", "requisites": ROUBLES}
IN_EUROS = {"provider": "transfer", "currency": "EUR", "requisites": EUROS}


async def made(client: httpx2.AsyncClient, path: str, body: Any) -> dict[str, Any]:
    """The object that a POST made."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def refused(client: httpx2.AsyncClient, path: str, body: Any) -> dict[str, list[str]]:
    """The faults that a POST was refused for."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    details: dict[str, list[str]] = answer.json()["details"]
    return details


async def refused_query(client: httpx2.AsyncClient, address: str) -> dict[str, list[str]]:
    """The faults that a GET was refused for."""
    answer = await client.get(address)
    assert answer.status_code == 422, answer.text
    details: dict[str, list[str]] = answer.json()["details"]
    return details
