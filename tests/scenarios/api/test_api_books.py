"""The books as their merchant reads them: the balance, and the statement of a time."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import Any

import httpx2
import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import HOUR, ManualClock, iso
from handbill.kernel.money import Money
from handbill.ledger import book, recipes
from handbill.ledger.model import Draft, Posting, Side
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import refused_query

pytestmark = pytest.mark.anyio

BALANCE, STATEMENT = "/api/v1/balance", "/api/v1/statement"
CHARGES = 7
START = 1_772_359_200_000
DINARS = (
    Posting("acquirer:sandbox", Side.DEBIT, Money(1_234, "KWD")),
    Posting("sales", Side.CREDIT, Money(1_234, "KWD")),
)


@pytest.fixture
async def shop(house: ApiHouse, clock: ManualClock) -> httpx2.AsyncClient:
    """One charge an hour at 5 % on both sides, then a surplus in roubles and a sale in dinars."""
    merchant = house.shop_merchant.id

    def charge(name: str) -> recipes.Charge:
        return recipes.Charge(merchant, True, name, "sandbox", 1000, 1050, 950, "RUB")

    for i in range(CHARGES):
        draft = recipes.charged(charge(f"charge {i}"))
        await house.deps.db.write(partial(book.post, draft=draft))
        clock.advance(HOUR)

    def more(tx: Tx) -> None:
        book.post(tx, recipes.surplus(charge("surplus")))
        book.post(tx, Draft(merchant, True, "charge", "dinars", DINARS))

    await house.deps.db.write(more)
    return house.shop


async def read(client: httpx2.AsyncClient, address: str, **query: Any) -> Any:
    answer = await client.get(address, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sheet(client: httpx2.AsyncClient, **query: Any) -> list[dict[str, str]]:
    answer = await client.get(STATEMENT, params=query, headers={"accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def test_the_balance_says_where_the_money_lies(
    house: ApiHouse, shop: httpx2.AsyncClient
) -> None:
    found = (await read(shop, BALANCE))["data"]

    dinars, roubles = found["balances"]
    assert (found["partner_id"], found["test"]) == (house.shop_merchant.id, True)
    assert {name: roubles[name] for name in roubles if name != "accounts"} == {
        "currency": "RUB",
        "held": CHARGES * 950 + 1050,
        "income": CHARGES * 1050,
        "expenses": CHARGES * 100,
        "owed": 1050,
    }
    assert roubles["accounts"] == [
        {"account": "acquirer:sandbox", "kind": "asset", "amount": CHARGES * 950 + 1050},
        {"account": "fees", "kind": "expense", "amount": CHARGES * 100},
        {"account": "owed:surplus", "kind": "liability", "amount": 1050},
        {"account": "sales", "kind": "income", "amount": CHARGES * 1000},
        {"account": "surcharge", "kind": "income", "amount": CHARGES * 50},
    ]
    assert (dinars["currency"], dinars["held"], dinars["income"]) == ("KWD", 1234, 1234)
    for one in (dinars, roubles):
        assert one["held"] + one["expenses"] == one["income"] + one["owed"]


async def test_the_head_is_the_last_entry_of_the_statement(shop: httpx2.AsyncClient) -> None:
    head = (await read(shop, BALANCE))["data"]["head"]
    last = (await read(shop, STATEMENT))["data"][-1]

    assert head == {"sequence": CHARGES + 2, "hash": last["hash"]}


async def test_strangers_and_the_other_mode_have_books_of_their_own(
    house: ApiHouse, shop: httpx2.AsyncClient
) -> None:
    for client in (house.other, house.shop_live):
        balance = (await read(client, BALANCE))["data"]
        assert (balance["balances"], balance["head"]["sequence"]) == ([], 0)
        assert (await read(client, STATEMENT))["data"] == []


async def test_an_entry_names_the_payment_that_it_is_about(
    house: ApiHouse, shop: httpx2.AsyncClient
) -> None:
    entry = (await read(shop, STATEMENT, limit=1))["data"][0]

    assert (entry["transaction"], entry["txid"], entry["type"]) == (None, None, "charge")
    assert entry["created"] == iso(START)
    assert entry["postings"] == [
        {"account": "acquirer:sandbox", "side": "debit", "amount": 950, "currency": "RUB"},
        {"account": "fees", "side": "debit", "amount": 100, "currency": "RUB"},
        {"account": "sales", "side": "credit", "amount": 1000, "currency": "RUB"},
        {"account": "surcharge", "side": "credit", "amount": 50, "currency": "RUB"},
    ]


async def test_a_walk_through_the_pages_misses_and_repeats_nothing(
    shop: httpx2.AsyncClient,
) -> None:
    seen, address = [], f"{STATEMENT}?limit=2"
    while address:
        answer = await shop.get(address)
        page = answer.json()
        assert page["has_more"] == ("next" in answer.links)
        assert page["opening"] == []
        assert len(page["closing"]) == 2
        seen += [entry["sequence"] for entry in page["data"]]
        address = answer.links.get("next", {}).get("url", "")

    assert seen == list(range(1, CHARGES + 3))


async def test_the_balances_at_both_ends_belong_to_the_time(shop: httpx2.AsyncClient) -> None:
    """From the third charge on, and before the fifth."""
    ends = {"from": iso(START + 2 * HOUR), "to": iso(START + 4 * HOUR)}

    found = await read(shop, STATEMENT, **ends)

    assert [entry["sequence"] for entry in found["data"]] == [3, 4]
    assert [one["held"] for one in found["opening"]] == [2 * 950]
    assert [one["held"] for one in found["closing"]] == [4 * 950]


async def test_an_empty_time_ends_as_it_began(shop: httpx2.AsyncClient) -> None:
    before = await read(shop, STATEMENT, to=iso(START))
    after = await read(shop, STATEMENT, **{"from": iso(START + 100 * HOUR)})

    assert (before["data"], before["opening"], before["closing"]) == ([], [], [])
    assert after["data"] == []
    assert after["opening"] == after["closing"] == (await read(shop, STATEMENT))["closing"]


async def test_one_currency_of_many(shop: httpx2.AsyncClient) -> None:
    found = await read(shop, STATEMENT, currency="KWD")
    none = await read(shop, STATEMENT, currency="USD")

    assert [entry["sequence"] for entry in found["data"]] == [CHARGES + 2]
    assert [(one["currency"], one["held"]) for one in found["closing"]] == [("KWD", 1234)]
    assert none["data"] == []
    assert [(one["currency"], one["held"]) for one in none["closing"]] == [("USD", 0)]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("from=yesterday", ["from"]),
        ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", ["to"]),
        ("currency=rub", ["currency"]),
        ("limit=101", ["limit"]),
        ("limit=0&format=pdf", ["limit", "format"]),
        ("cursor=x", ["cursor"]),
        ("account=sales", ["account"]),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    shop: httpx2.AsyncClient, query: str, fields: list[str]
) -> None:
    assert list(await refused_query(shop, f"{STATEMENT}?{query}")) == fields


async def test_a_cursor_of_somebody_elses_books_is_refused(
    house: ApiHouse, shop: httpx2.AsyncClient
) -> None:
    cursor = (await read(shop, STATEMENT, limit=1))["cursor"]["cursor_value"]

    assert await refused_query(house.other, f"{STATEMENT}?cursor={cursor}") == {
        "cursor": ["is not a cursor of this list"]
    }


async def test_the_sheet_holds_every_posting_between_the_balances(
    shop: httpx2.AsyncClient,
) -> None:
    """In whole units, with the digits of the currency."""
    ends = {"from": iso(START + HOUR), "currency": "RUB"}

    rows = await sheet(shop, **ends)

    assert {row["type"] for row in rows[:4]} == {"opening balance"}
    assert [(r["account"], r["debit"], r["credit"]) for r in rows[:4]] == [
        ("acquirer:sandbox", "9.50", ""),
        ("fees", "1.00", ""),
        ("sales", "", "10.00"),
        ("surcharge", "", "0.50"),
    ]
    assert rows[4] == {
        "sequence": "2",
        "created": iso(START + HOUR),
        "type": "charge",
        "transaction": "",
        "txid": "",
        "account": "acquirer:sandbox",
        "debit": "9.50",
        "credit": "",
        "currency": "RUB",
    }
    assert [row["type"] for row in rows[-5:]] == ["closing balance"] * 5
    assert sum_of(rows[:-5]) == sum_of(rows[-5:])
    [fils] = [r for r in await sheet(shop, currency="KWD") if r["type"] == "charge" and r["debit"]]
    assert fils["debit"] == "1.234"


def sum_of(rows: list[dict[str, str]]) -> int:
    """What lies at the acquirer, in minor units."""
    mine = [row for row in rows if row["account"] == "acquirer:sandbox"]
    return sum(minor(row["debit"]) - minor(row["credit"]) for row in mine)


def minor(text: str) -> int:
    return int(text.replace(".", "") or 0)


async def test_sheets_one_below_the_other_are_the_whole(shop: httpx2.AsyncClient) -> None:
    whole = (await shop.get(f"{STATEMENT}?format=csv")).text
    parts, address = [], f"{STATEMENT}?format=csv&limit=4"
    while address:
        answer = await shop.get(address)
        assert answer.headers["content-type"].startswith("text/csv")
        parts.append(answer.text)
        address = answer.links.get("next", {}).get("url", "")

    heading, _, _ = whole.partition("\r\n")
    assert len(parts) == 3
    assert "".join(part.removeprefix(heading + "\r\n") for part in parts) == whole.removeprefix(
        heading + "\r\n"
    )


async def test_format_wins_over_accept(shop: httpx2.AsyncClient) -> None:
    asks = {"accept": "text/csv"}

    assert (
        "json" in (await shop.get(f"{STATEMENT}?format=json", headers=asks)).headers["content-type"]
    )
    assert "csv" in (await shop.get(STATEMENT, headers=asks)).headers["content-type"]
