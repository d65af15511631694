"""3-D Secure: the bank asks whether it is the payer, on one more page."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import MINUTE
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio


async def challenged(payer: Payer, address: str) -> str:
    """The bank's page, after the payer gave a card that wants one."""
    acquirer = await payer.begin(address)
    bank = await payer.decide(acquirer, "3ds_challenge")
    assert "Your pretend bank asks: is it you?" in (await payer.look(bank)).text
    return bank


async def test_a_payer_whom_the_bank_knows_has_paid(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    status = await payer.decide(await challenged(payer, link["url"]), "3ds_ok")
    await house.settle()
    assert (await payer.look(status)).state == "charged"


async def test_a_payer_whom_the_bank_does_not_know_may_try_again(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    status = await payer.decide(await challenged(payer, link["url"]), "3ds_fail")
    await house.settle()

    page = await payer.look(status)
    assert page.state == "declined"
    assert "The bank could not confirm that it was you." in page.text
    assert page.buttons == {"Try again": link["url"]}


async def test_a_payer_who_walks_away_from_the_bank_can_go_on_until_the_clock_ends_it(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    bank = await challenged(payer, link["url"])
    status = await payer.decide(bank, "3ds_abandon")
    await house.settle()

    page = await payer.look(status)
    assert page.state == "waiting"
    assert page.buttons == {"Continue paying": bank, "Choose another way": link["url"]}

    await house.pass_time(59 * MINUTE)
    assert house.told == []
    await house.pass_time(2 * MINUTE)

    page = await payer.look(status)
    assert (page.state, page.buttons) == ("expired", {"Try again": link["url"]})
    assert (await house.payment())["status"] == "cancelled"
    assert [body["status"] for body in house.told] == ["cancelled"]


async def test_on_a_one_time_link_the_bank_gets_a_quarter_of_an_hour(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    status = await payer.decide(await challenged(payer, link["url"]), "3ds_abandon")
    await house.pass_time(16 * MINUTE)

    assert (await payer.look(status)).state == "expired"
    other = house.new_payer()
    paid = await other.decide(await other.begin(link["url"]), "approve")
    await house.settle()
    assert (await other.look(paid)).state == "charged"
