"""What the sandbox acquirer's odder scenarios come to in Handbill: the truth, told once."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from handbill.kernel.clock import MINUTE, SECOND
from tests.support.payers import Payer
from tests.support.running import RunningHouse

# What payments do on both databases is tested beside this; here it is what the acquirer does.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

NOTIFICATIONS = "/notifications/"
FOLLOWED_SECONDS = 90
"""Longer than it takes until Handbill has asked twice by itself."""


async def follow(house: RunningHouse, payer: Payer, scenario: str) -> str:
    """A script's link that asks for it, paid and followed; gives the payment's own page."""
    link = await house.make_link(metadata={"sandbox_scenario": scenario})
    await payer.begin(link["url"])
    await house.settle()
    for _ in range(FOLLOWED_SECONDS // 5):
        await house.pass_time(5 * SECOND)
    token = (await house.payment())["payment_url"].rpartition("/")[2]
    return f"/pay/status/{token}"


@pytest.mark.parametrize(
    ("scenario", "notified"),
    [
        ("webhook_lost", 0),
        ("webhook_duplicate", 2),
        ("webhook_reordered", 2),
        ("webhook_wrong_amount", 1),
        ("return_before_webhook", 1),
        ("never_return", 1),
        ("timeout_on_create", 1),
        ("hold", 2),
    ],
)
async def test_the_merchant_hears_of_one_charge(
    house: RunningHouse, payer: Payer, scenario: str, notified: int
) -> None:
    await follow(house, payer, scenario)

    assert len(house.road.heard("POST", NOTIFICATIONS)) == notified
    assert [body["status"] for body in house.told] == ["charged"]
    payment = await house.payment()
    assert (payment["status"], payment["late"], payment["surplus"]) == ("charged", False, False)


async def test_a_forged_notification_is_refused_and_the_charge_found_by_asking(
    house: RunningHouse, payer: Payer
) -> None:
    with capture_logs() as logs:
        await follow(house, payer, "webhook_bad_signature")

    assert [line["event"] for line in logs].count("notification_refused") >= 2
    assert [body["status"] for body in house.told] == ["charged"]


@pytest.mark.parametrize("scenario", ["http_500", "rate_limited"])
async def test_where_nothing_was_created_the_payer_may_try_again(
    house: RunningHouse, payer: Payer, scenario: str
) -> None:
    status = await follow(house, payer, scenario)

    page = await payer.look(status)
    assert (page.state, list(page.buttons)) == ("not_started", ["Try again"])
    assert house.told == []


async def test_money_that_comes_after_the_deadline_is_told_as_late(
    house: RunningHouse, payer: Payer
) -> None:
    await follow(house, payer, "late_success_after_expiry")

    assert [(body["status"], body.get("late")) for body in house.told] == [
        ("cancelled", None),
        ("charged", True),
    ]


async def test_a_hold_that_is_let_go_ends_the_payment(house: RunningHouse, payer: Payer) -> None:
    await follow(house, payer, "hold_expire")

    assert [body["status"] for body in house.told] == ["cancelled"]


@pytest.mark.parametrize("scenario", ["wrong_amount", "wrong_currency"])
async def test_money_that_does_not_fit_is_left_to_a_person(
    house: RunningHouse, payer: Payer, scenario: str
) -> None:
    status = await follow(house, payer, scenario)

    assert (await payer.look(status)).state == "review"
    assert house.told == []


async def test_a_dispute_changes_nothing_and_is_logged(house: RunningHouse, payer: Payer) -> None:
    with capture_logs() as logs:
        await follow(house, payer, "chargeback")
    await house.pass_time(MINUTE)

    [line] = [line for line in logs if line["event"] == "payment_disputed"]
    assert line["reference"]
    assert (await house.payment())["status"] == "charged"
    assert [body["status"] for body in house.told] == ["charged"]
