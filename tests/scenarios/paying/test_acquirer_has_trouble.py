"""The acquirer is away, breaks, lies or talks at the wrong time: nobody pays twice, nothing is
lost, and the page says no more than is known."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from tests.support.payers import Payer, seen
from tests.support.roads import Accident, Server, cut, held, refused, rewritten
from tests.support.running import CREATE, RunningHouse, open_acquirer, running_house

pytestmark = pytest.mark.anyio

PAYMENTS = "/sandbox/v1/payments/"
NOTIFICATIONS = "/notifications/"


async def test_an_acquirer_that_cannot_be_reached_starts_nothing_and_the_payer_may_try_again(
    database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    server = Server()
    url = f"http://127.0.0.1:{server.port}"
    async with running_house(database_url, tmp_path / "data", clock, sandbox_url=url) as house:
        payer = house.new_payer()
        link = await house.make_link(max_payments=1)
        status = await payer.begin(link["url"])

        page = await payer.look(status)
        assert (page.state, page.buttons) == ("not_started", {"Try again": link["url"]})
        assert "You have not been charged." in page.text
        assert "The payment provider could not be reached." in page.text
        assert (await house.new_payer().look(link["url"])).state == "pay"  # the place is free

        open_acquirer(house, server, url)
        try:
            assert await payer.decide(await payer.begin(link["url"]), "approve") == status
            await house.settle()
            assert (await payer.look(status)).state == "charged"
            assert [body["status"] for body in house.told] == ["charged"]
        finally:
            await server.close()


@pytest.mark.parametrize(("accident", "took"), [(refused(500), False), (cut, True)])
async def test_without_an_answer_the_page_says_that_nothing_is_known_and_asking_heals_it(
    house: RunningHouse, payer: Payer, accident: Accident, took: bool
) -> None:
    house.road.break_next("POST", CREATE, accident)
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]}, max_payments=1)
    status = await payer.begin(link["url"])
    assert (await payer.look(status)).state == "waiting"

    house.clock.advance(6 * SECOND)
    page = await payer.look(status)
    assert (page.state, page.buttons) == ("unknown", {})
    assert "Please do not pay again" in page.text
    assert await payer.begin(link["url"]) == status  # Pay again makes no second attempt
    assert len(house.created) == 1

    await house.pass_time(30 * SECOND)
    page = await payer.look(status)
    if not took:
        assert (page.state, page.buttons) == ("not_started", {"Try again": link["url"]})
        return
    assert page.state == "waiting"
    await payer.decide(page.buttons["Continue paying"], "approve")
    await house.settle()
    assert (await payer.look(status)).state == "charged"
    assert len(house.created) == 1


async def test_an_answer_that_was_lost_after_the_charge_is_found_by_asking(
    house: RunningHouse, payer: Payer
) -> None:
    house.road.break_next("POST", CREATE, cut)
    house.road.break_next("POST", NOTIFICATIONS, refused(503))
    link = await house.make_link(metadata={"sandbox_scenario": "approve"})
    status = await payer.begin(link["url"])
    await house.settle()

    await house.pass_time(31 * SECOND)

    assert (await payer.look(status)).state == "charged"
    assert [body["status"] for body in house.told] == ["charged"]


@pytest.mark.parametrize(
    ("button", "state", "told"),
    [
        ("approve", "charged", ["charged"]),
        ("decline_generic", "declined", []),
        ("cancel", "cancelled", ["cancelled"]),
    ],
)
async def test_a_lost_notification_changes_nothing_of_the_end(
    house: RunningHouse, payer: Payer, button: str, state: str, told: list[str]
) -> None:
    for _ in range(6):
        house.road.break_next("POST", NOTIFICATIONS, refused(404))
    link = await house.make_link()
    status = await payer.decide(await payer.begin(link["url"]), button)
    await house.settle()
    assert (await payer.look(status)).state == "waiting"

    await house.pass_time(31 * SECOND)

    assert (await payer.look(status)).state == state
    assert [body["status"] for body in house.told] == told


async def test_a_notification_may_come_before_the_answer_to_our_own_request(
    house: RunningHouse, payer: Payer
) -> None:
    answered = asyncio.Event()
    house.road.break_next("POST", CREATE, held(answered))
    link = await house.make_link(metadata={"sandbox_scenario": "approve"})
    page = await payer.look(link["url"])
    pressing = asyncio.create_task(payer.press(link["url"], page.token, method="card"))
    while not house.created:
        await asyncio.sleep(0.001)
    while not house.road.heard("POST", NOTIFICATIONS):
        await house.settle()
        await asyncio.sleep(0.001)
    await house.settle()

    answered.set()
    status = (await pressing).headers["location"]
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    assert [body["status"] for body in house.told] == ["charged"]
    assert (await house.payment())["surplus"] is False


async def test_another_sum_than_was_asked_is_left_to_a_person(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    acquirer = await payer.begin(link["url"])
    await payer.decide(acquirer, "approve")
    house.road.break_next("GET", PAYMENTS, rewritten(captured_amount=999))
    await house.settle()

    page = await payer.look(link["url"])
    [status] = [url for words, url in page.buttons.items() if words == "Continue that payment"]
    page = await payer.look(status)
    assert (page.state, page.buttons) == ("review", {})
    assert "Money arrived, but it is not what was asked for." in page.text
    assert "not been charged" not in page.text
    assert (await house.payment())["status"] == "processing"
    assert house.told == []


async def test_a_forged_notification_is_refused_and_changes_nothing(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    status_before = await house.payments()
    acquirer = await payer.begin(link["url"])
    address = urlsplit(house.created[0]["notification_url"]).path
    event = {"event_id": "1", "type": "payment.charged", "payment": {"id": "1"}}
    stamp = house.clock.now() // SECOND
    for signature in (b"", b"t=1,v1=00", f"t={stamp},v1={'0' * 64}".encode(), b"\xe9"):
        headers = [(b"x-sandbox-signature", signature)]
        forged = await payer.http.post(address, headers=headers, json=event)
        assert forged.status_code == 403
        assert forged.content == b""
    elsewhere = address.rpartition("/")[0] + "/" + "A" * 22
    assert (await payer.http.post(elsewhere, json=event)).status_code == 404
    await house.settle()

    assert house.road.heard("GET", PAYMENTS) == []
    assert status_before == []
    assert (await house.payment())["status"] == "pending"
    assert seen(await payer.http.get(acquirer)).status == 200


async def test_a_true_notification_that_lies_about_the_end_is_not_believed(
    house: RunningHouse, payer: Payer
) -> None:
    """A replayed notification of a decline, after the payer was charged."""
    link = await house.make_link()
    await payer.decide(await payer.begin(link["url"]), "decline_generic")
    await house.settle()
    [first] = house.road.heard("POST", NOTIFICATIONS)
    status = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    headers = {"x-sandbox-signature": first.headers["x-sandbox-signature"]}
    again = await payer.http.post(first.path, headers=headers, content=first.body)
    await house.settle()

    assert again.status_code == 200
    assert (await payer.look(status)).state == "charged"
    await house.pass_time(31 * MINUTE)
    assert [body["status"] for body in house.told] == ["charged"]


async def test_who_pays_what_another_has_paid_meanwhile_is_told_and_so_is_the_seller(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(max_payments=1)
    acquirer = await payer.begin(link["url"])
    house.road.break_next("GET", PAYMENTS, rewritten(status="expired"))
    await house.pass_time(31 * SECOND)
    other = house.new_payer()
    await other.decide(await other.begin(link["url"]), "approve")
    await house.settle()

    status = await payer.decide(acquirer, "approve")
    await house.settle()

    page = await payer.look(status)
    assert page.state == "refunded"
    told = [(body["status"], body.get("late"), body.get("surplus")) for body in house.told]
    assert told == [
        ("cancelled", None, None),
        ("charged", None, None),
        ("charged", True, True),
        ("refunded", True, True),
    ]


async def test_money_that_comes_after_the_end_is_late_and_told(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    acquirer = await payer.begin(link["url"])
    house.road.break_next("GET", PAYMENTS, rewritten(status="expired"))
    await house.pass_time(31 * SECOND)
    [token] = [one["payment_url"].rpartition("/")[2] for one in await house.payments()]
    assert (await payer.look(f"/pay/status/{token}")).state == "expired"

    status = await payer.decide(acquirer, "approve")
    await house.settle()

    assert (await payer.look(status)).state == "charged"
    assert (await house.payment())["late"] is True
    assert [(body["status"], body.get("late")) for body in house.told] == [
        ("cancelled", None),
        ("charged", True),
    ]
