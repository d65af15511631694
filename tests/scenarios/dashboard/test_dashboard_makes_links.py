"""The form of a new link: what is typed, what becomes of it, and what is said where it is wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.clerk import Clerk, dashboard_key, faults_in, path_of, ticket_of
from tests.support.payers import seen
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def links(house: RunningHouse) -> list[dict[str, Any]]:
    return list((await house.shop.get("/api/v1/links")).json()["data"])


async def names(house: RunningHouse, link: str) -> list[str]:
    answer = await house.shop.get(f"/api/v1{link}/placements")
    return [one["name"] for one in answer.json()["data"]]


async def test_an_amount_becomes_a_link_with_one_code(house: RunningHouse, clerk: Clerk) -> None:
    path = await clerk.make(amount="1 234,50", title=" Table service ")

    [link] = await links(house)
    assert path == f"/links/{link['id']}"
    assert link["amount"]["default"] == 123_450
    assert (link["amount_type"], link["title"]) == ("fixed", "Table service")
    assert await names(house, path) == []


async def test_the_payer_may_type_the_amount(house: RunningHouse, clerk: Clerk) -> None:
    await clerk.make(by="payer", amount="not looked at", currency="EUR")

    [link] = await links(house)
    assert (link["amount_type"], link["amount"]["currency"]) == ("dynamic", "EUR")


async def test_a_product_is_printed_by_its_permanent_link(
    house: RunningHouse, clerk: Clerk
) -> None:
    product = await house.make_product(header="Flat white")
    assert "Flat white · ₽350.00" in (await clerk.look()).html

    path = await clerk.make(by="product", product=product["id"], codes="Window\nBar")

    assert path == f"/links/{product['link']}"
    assert await names(house, path) == ["Window", "Bar"]
    assert await links(house) == []


@pytest.mark.parametrize(
    ("codes", "made"),
    [
        ("Table 1..3", ["Table 1", "Table 2", "Table 3"]),
        ("Window\r\n\r\nTable 8..9\r\n", ["Window", "Table 8", "Table 9"]),
    ],
)
async def test_names_become_codes_of_their_own(
    house: RunningHouse, clerk: Clerk, codes: str, made: list[str]
) -> None:
    path = await clerk.make(amount="5", codes=codes)
    assert await names(house, path) == made


async def test_a_spreadsheet_names_the_codes(house: RunningHouse, clerk: Clerk) -> None:
    path = path_of(await clerk.create(table=b"name;room\nTable 1;A\nTable 2;B\n", amount="5"))
    assert await names(house, path) == ["Table 1", "Table 2"]


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    house: RunningHouse, clerk: Clerk
) -> None:
    answer = await clerk.create(
        amount="12,,5", title="T" * 201, currency="KWD", codes="Table 9..3\nBar\nBar"
    )

    page = seen(answer)
    assert page.status == 422
    assert faults_in(page) == {
        "amount": ["Type an amount such as 1234.500."],
        "title": ["Use at most 200 characters."],
        "codes": ["The numbers must go up, as in Table 1..40.", "“Bar” stands twice."],
    }
    assert page.typed == "12,,5"
    for kept in ("T" * 201, "Table 9..3\nBar\nBar", "<option selected>KWD</option>"):
        assert kept in page.html
    assert await links(house) == []


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"amount": ""}, "amount", "Type the amount that is to be paid."),
        ({"amount": "0"}, "amount", "Type the amount that is to be paid."),
        ({"amount": "99999999999"}, "amount", "Type at most ₽10,000,000,000.00."),
        ({"by": "product"}, "product", "Choose a product."),
        ({"by": "product", "product": "x"}, "product", "This product is no longer sold."),
        ({"amount": "1", "codes": "1..501"}, "codes", "at most 500 codes are made at once"),
        ({"amount": "1", "codes": "N" * 81}, "codes", "A name may have at most 80 characters."),
        ({"amount": "1", "codes": "A\x07"}, "codes", "characters that cannot be printed"),
    ],
)
async def test_each_fault_has_its_own_words(
    house: RunningHouse, clerk: Clerk, fields: dict[str, str], field: str, words: str
) -> None:
    await house.make_product()
    page = seen(await clerk.create(**fields))

    assert page.status == 422
    [said] = faults_in(page)[field]
    assert words in said
    assert await links(house) == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"Table 1;A\n", "There is more than one column."),
        ("Столик".encode("cp1251"), "Save it as “CSV UTF-8”"),
        (b"name\nBar\nBar\n", "“Bar” stands twice."),
        (b"name\n", "Type at least one name"),
        (b"", "Type at least one name"),
        (b'name\n"Bar\n', "quotation marks that do not fit"),
    ],
)
async def test_a_file_that_cannot_be_used_says_why(
    house: RunningHouse, clerk: Clerk, file: bytes, words: str
) -> None:
    page = seen(await clerk.create(table=file, amount="5"))

    assert page.status == 422
    assert words in faults_in(page)["codes"][0]
    assert await links(house) == []


async def test_pressed_many_times_at_once_it_is_one_link(house: RunningHouse, clerk: Clerk) -> None:
    fields = {
        "by": "amount",
        "currency": "RUB",
        "ticket": ticket_of(await clerk.look()),
        "amount": "5",
        "codes": "Table 1..3",
    }
    answers = await asyncio.gather(*(clerk.post("/links", **fields) for _ in range(6)))

    [link] = await links(house)
    assert {path_of(answer) for answer in answers} == {f"/links/{link['id']}"}
    assert len(await names(house, f"/links/{link['id']}")) == 3
    other = path_of(await clerk.post("/links", **{**fields, "amount": "6"}))
    assert other != f"/links/{link['id']}"


async def test_a_form_that_is_too_large_is_refused(house: RunningHouse, clerk: Clerk) -> None:
    answer = await clerk.create(amount="5", codes="N" * 200_000)
    assert answer.status_code in (400, 413)
    assert await links(house) == []


async def test_the_currency_is_that_of_the_latest_link_or_of_the_till(
    house: RunningHouse, clerk: Clerk
) -> None:
    await house.shop.patch("/api/v1/merchant", json={"till_currency": "EUR"})
    assert "<option selected>EUR</option>" in (await clerk.look()).html
    await clerk.make(amount="5", currency="KZT")
    assert "<option selected>KZT</option>" in (await clerk.look()).html


async def test_test_and_live_are_apart(house: RunningHouse, clerk: Clerk) -> None:
    live = Clerk(house)
    await live.sign_in(await dashboard_key(house, test=False))
    path = await clerk.make(amount="5")
    assert (await live.look(path)).status == 404
    assert "No links yet" in (await live.look("/links")).text
    assert "Test: no money moves" not in (await live.look("/links")).text
