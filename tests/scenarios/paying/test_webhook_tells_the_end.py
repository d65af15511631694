"""What the merchant's server is told at each end: exactly the documented fields, signed, once."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks import Webhook

from handbill.kernel.clock import HOUR, MINUTE, ManualClock, SystemClock
from tests.support.payers import Payer
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SEED = ["type", "link", "txid", "id", "status", "amount", "amount_dest", "amount_with_fee"]
FIELDS = [*SEED, "error_description", "currency"]
EVENT = ["event_id", "sequence"]


@pytest.fixture
def clock() -> ManualClock:
    """The reader of the specification asks the system for the time."""
    return ManualClock(SystemClock().now())


def only(house: RunningHouse) -> dict[str, Any]:
    """The one webhook that came, read by the specification's own reader."""
    [heard] = house.receiver.heard
    return dict(Webhook(house.merchant.webhook_secret).verify(heard.body, heard.headers))


async def test_charged(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()

    body, payment = only(house), await house.payment()
    assert set(body) == {*FIELDS, *EVENT, "test"}
    assert list(body)[: len(SEED) + 1] == [*SEED, "error_description"]
    assert {name: body[name] for name in FIELDS} == {
        "type": "link",
        "link": link["id"],
        "txid": payment["txid"],
        "id": payment["id"],
        "status": "charged",
        "amount": 1_000,
        "amount_dest": 1_000,
        "amount_with_fee": 1_000,
        "error_description": "",
        "currency": "RUB",
    }
    assert body["test"] is True


async def test_failed(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(metadata={"order": "7"})
    await payer.decide(await payer.begin(link["url"]), "decline_generic")
    await house.settle()
    house.clock.advance(31 * MINUTE)
    await house.settle()

    body = house.told[0]
    assert set(body) == {*FIELDS, *EVENT, "metadata", "test"}
    assert (body["status"], body["amount"], body["amount_dest"]) == ("failed", 1_000, 0)
    assert body["error_description"] == "The bank refused the payment."
    assert body["metadata"] == {"order": "7"}


async def test_rejected(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(metadata={"sandbox_scenario": "no_such_scenario"})
    status = await payer.begin(link["url"])
    await house.settle()

    body = only(house)
    assert set(body) == {*FIELDS, *EVENT, "metadata", "test"}
    assert (body["status"], body["amount_dest"]) == ("rejected", 0)
    assert body["error_description"] == "The acquirer refused this payment."
    page = await payer.look(status)
    assert (page.state, page.buttons) == ("not_started", {"Try again": link["url"]})
    assert "Try another way to pay, or tell the seller." in page.text


async def test_cancelled(house: RunningHouse, payer: Payer) -> None:
    product = await house.make_product()
    await payer.decide(await payer.begin(product["url"]), "cancel")
    await house.settle()

    body = only(house)
    assert set(body) == {*FIELDS, *EVENT, "product", "test"}
    assert (body["status"], body["product"]) == ("cancelled", product["id"])
    assert (body["amount_dest"], body["error_description"]) == (0, "")


async def test_a_links_own_address_hears_instead_of_the_merchants(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(notify_url=house.receiver.url("/of-the-link"))
    await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    assert [heard.line for heard in house.receiver.heard] == ["POST /of-the-link HTTP/1.1"]


async def test_nothing_is_told_twice_whatever_is_repeated(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    page = await payer.look(link["url"])
    for _ in range(3):
        pressed = await payer.press(link["url"], page.token, method="card")
    await payer.decide(pressed.headers["location"], "approve")
    for _ in range(3):
        await house.settle()
        house.clock.advance(HOUR)
    await payer.press(link["url"], page.token, method="card")
    await house.settle()
    assert [body["status"] for body in house.told] == ["charged"]
