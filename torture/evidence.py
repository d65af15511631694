"""What is there afterwards, from three sides that do not know of one another: the merchant's API,
the rows of the house, and the books of the sandbox acquirer, which is a company of its own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import aiohttp
import msgspec

from handbill.infra.database import Tx, open_database
from handbill.kernel.clock import SystemClock
from torture.installation import Installation

PAGES_MAX = 10_000
PAGE = 100


class Attempt(msgspec.Struct, frozen=True):
    id: str
    payment_id: str
    status: str
    standing: str | None
    reference: str | None
    amount_minor: int


class Refund(msgspec.Struct, frozen=True):
    id: str
    payment_id: str
    status: str
    standing: str
    amount_minor: int
    with_fee_minor: int


class Event(msgspec.Struct, frozen=True):
    id: str
    merchant_id: int
    sequence: int
    type: str
    object_id: str
    object_sequence: int


class Delivery(msgspec.Struct, frozen=True):
    id: str
    event_id: str
    endpoint_id: str | None
    status: str


class Entry(msgspec.Struct, frozen=True):
    """A line of the books."""

    reason: str
    reference: str
    account: str
    side: str
    amount_minor: int


class Taken(msgspec.Struct, frozen=True):
    """A payment in the acquirer's books: our attempts refer to its id."""

    id: str
    attempt_id: str
    captured_minor: int


class Given(msgspec.Struct, frozen=True):
    """A refund in the acquirer's books; `refund_id` is ours."""

    refund_id: str
    status: str
    amount_minor: int


class Counted(msgspec.Struct, frozen=True):
    """What is counted of a link, by all its codes."""

    link_id: str
    starts: int
    paid: int


class Rows(msgspec.Struct, frozen=True):
    attempts: list[Attempt]
    refunds: list[Refund]
    events: list[Event]
    deliveries: list[Delivery]
    entries: list[Entry]
    taken: list[Taken]
    given: list[Given]
    counted: list[Counted]


class Evidence(msgspec.Struct, frozen=True):
    """`links`, `payments` and `refunds` are the API's objects."""

    links: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    refunds: list[dict[str, Any]]
    rows: Rows


async def gather(
    house: Installation, http: aiohttp.ClientSession, key: str, refunded: Collection[str]
) -> Evidence:
    """`refunded`: the payments whose refunds are looked at through the API."""
    url = house.nodes[0].url + "/api/v1"
    links = await _listed(http, f"{url}/links", key)
    payments = await _listed(http, f"{url}/transactions", key)
    refunds = []
    for payment in sorted(refunded):
        refunds += await _listed(http, f"{url}/transactions/{payment}/refunds", key)
    return Evidence(links, payments, refunds, await read_rows(house.url))


async def read_rows(url: str) -> Rows:
    db = open_database(url, SystemClock())
    try:
        return await db.read(_rows)
    finally:
        db.close()


def _rows(tx: Tx) -> Rows:
    return Rows(
        attempts=tx.all(
            Attempt,
            "SELECT id, payment_id, status, standing, reference, amount_minor FROM attempts",
        ),
        refunds=tx.all(
            Refund,
            "SELECT id, payment_id, status, standing, amount_minor, with_fee_minor FROM refunds",
        ),
        events=tx.all(
            Event,
            "SELECT id, merchant_id, sequence, type, object_id, object_sequence"
            " FROM events ORDER BY merchant_id, sequence",
        ),
        deliveries=tx.all(Delivery, "SELECT id, event_id, endpoint_id, status FROM deliveries"),
        entries=tx.all(
            Entry,
            "SELECT e.reason, e.reference, p.account, p.side, p.amount_minor FROM ledger_entries e"
            " JOIN ledger_postings p ON p.entry_id = e.id WHERE e.sealed",
        ),
        taken=tx.all(Taken, "SELECT id, attempt_id, captured_minor FROM sandbox_payments"),
        given=tx.all(Given, "SELECT refund_id, status, amount_minor FROM sandbox_refunds"),
        counted=tx.all(
            Counted,
            "SELECT link_id, SUM(starts) AS starts, SUM(paid) AS paid FROM traffic"
            " GROUP BY link_id",
        ),
    )


async def _listed(http: aiohttp.ClientSession, url: str, key: str) -> list[dict[str, Any]]:
    """Every page of a list."""
    found: list[dict[str, Any]] = []
    query = {"limit": str(PAGE)}
    for _ in range(PAGES_MAX):
        async with http.get(url, params=query, headers={"x-api-key": key}) as answer:
            answer.raise_for_status()
            page = await answer.json()
        found += page["data"]
        if not page["has_more"]:
            return found
        query["cursor"] = page["cursor"]["cursor_value"]
    raise RuntimeError(f"{url} has no end")
