"""The receipt of a payment by e-mail: asked for on its page, sent by a job, and then forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from handbill.privacy import erasure
from tests.support.mailroom import Mailroom, open_mailroom
from tests.support.payers import Payer
from tests.support.running import RunningHouse, running_house

pytestmark = pytest.mark.anyio

ANNA = "anna@example.com"


@pytest.fixture
async def room() -> AsyncIterator[Mailroom]:
    async with open_mailroom() as room:
        yield room


@pytest.fixture
async def house(
    database_url: str, tmp_path: Path, clock: ManualClock, room: Mailroom
) -> AsyncIterator[RunningHouse]:
    mail = {"smtp_url": f"smtp://127.0.0.1:{room.port}", "mail_from": "pay@shop.example"}
    async with running_house(database_url, tmp_path / "data", clock, **mail) as running:
        yield running


@pytest.fixture
async def status(house: RunningHouse, payer: Payer) -> str:
    """The page of a payment that went through."""
    link = await house.make_link(title="Coffee & cake")
    page = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    return page


class Kept(msgspec.Struct, frozen=True):
    text: str | None


def kept(tx: Tx) -> str:
    """What is known of payers, and what waits to be done."""
    sql = "SELECT email AS text FROM payers UNION ALL SELECT payload_json AS text FROM jobs"
    return str(tx.all(Kept, sql))


async def ask(payer: Payer, status: str, email: str = ANNA) -> int:
    return (await payer.http.post(f"{status}/receipt", data={"email": email})).status_code


async def test_a_letter_says_what_was_paid_and_leads_to_the_page(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    answer = await payer.http.post(f"{status}/receipt", data={"email": f" {ANNA} "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{status}#receipt")
    assert "on its way" in (await payer.look(status)).text
    assert room.taken == []
    await house.settle()

    [letter] = room.taken
    assert letter.recipients == [ANNA]
    assert str(letter.message["from"]) == "Sample shop <pay@shop.example>"
    receipt = (await house.payment())["txid"]
    assert letter.message["subject"] == f"Receipt {receipt} · Sample shop"
    for text in (letter.part("plain"), letter.part("html")):
        assert "₽10.00" in text
        assert "Test: no money moves" in text
        assert status in text
    assert "For: Coffee & cake" in letter.part("plain")
    assert "Coffee &amp; cake" in letter.part("html")
    assert "The receipt was sent by e-mail." in (await payer.look(status)).text


async def test_the_address_is_forgotten_once_the_letter_has_left(
    house: RunningHouse, payer: Payer, status: str
) -> None:
    await ask(payer, status)
    assert (await house.house.db.read(kept)).count(ANNA) == 1  # in the table of payers alone
    await house.settle()
    assert ANNA not in await house.house.db.read(kept)


async def test_a_server_that_is_busy_is_asked_again(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    room.data = ["451 greylisted", "421 too busy"]
    await ask(payer, status)
    await house.settle()
    assert "on its way" in (await payer.look(status)).text
    await house.pass_time(MINUTE)
    await house.pass_time(MINUTE)
    assert len(room.taken) == 1


async def test_a_refused_address_is_told_and_not_tried_again(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    room.rcpt = ["550 no such user"]
    await ask(payer, status)
    await house.settle()
    assert "could not be sent by e-mail" in (await payer.look(status)).text
    await house.pass_time(HOUR)
    assert room.taken == []
    assert ANNA not in await house.house.db.read(kept)


async def test_a_day_without_the_server_is_the_end(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    room.data = ["451 later"] * 100
    await ask(payer, status)
    await house.settle()
    await house.pass_time(DAY)
    assert "could not be sent by e-mail" in (await payer.look(status)).text
    assert ANNA not in await house.house.db.read(kept)


async def test_who_is_erased_meanwhile_gets_no_letter(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    await ask(payer, status)
    about = (await house.payment())["id"]
    for found in await erasure.find(house.house.db, erasure.Wanted(id=about)):
        await erasure.erase(house.house.db, found)
    assert ANNA not in await house.house.db.read(kept)
    await house.settle()
    assert room.taken == []


async def test_what_is_no_address_comes_back_with_a_word(
    house: RunningHouse, payer: Payer, status: str
) -> None:
    answer = await payer.http.post(f"{status}/receipt", data={"email": "anna@nowhere\r\nBcc: x"})
    assert answer.status_code == 422
    assert "Type an e-mail address such as anna@example.com." in answer.text
    assert "<details open>" in answer.text


async def test_one_a_minute_and_three_in_all(
    house: RunningHouse, payer: Payer, status: str, room: Mailroom
) -> None:
    first, second = await asyncio.gather(ask(payer, status), ask(payer, status))
    assert sorted((first, second)) == [303, 429]
    for expected in (303, 303, 429):
        await house.pass_time(MINUTE)
        assert await ask(payer, status) == expected
    await house.settle()
    assert len(room.taken) == 3


async def test_a_payment_that_did_not_go_through_sends_none(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    await payer.begin(link["url"])
    assert await ask(payer, (await house.payment())["payment_url"]) == 404


async def test_without_a_mail_server_there_is_no_form(
    sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    async with running_house(sqlite_url, tmp_path / "other", clock) as house:
        payer = house.new_payer()
        link = await house.make_link()
        page = await payer.decide(await payer.begin(link["url"]), "approve")
        await house.settle()
        assert "by e-mail" not in (await payer.look(page)).text
        assert await ask(payer, page) == 404
