"""One-off payments that a merchant orders by the API, under a name of its own."""

from __future__ import annotations

import asyncio
import hashlib
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import HOUR
from handbill.kernel.errors import DuplicateTxid, Invalid, LinkNotPayable
from handbill.kernel.money import Money
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.payments import model, ordering, payers
from handbill.payments.model import Customer, PaymentStatus, PaymentType
from handbill.payments.order import Order
from handbill.payments.ordering import Ordered, PaymentOrder
from handbill.payments.start import Started
from handbill.providers.contract import Cancelled, Declined
from tests.support.shop import CRYPTO, FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

LOOPBACK = (ip_network("127.0.0.0/8"),)


async def order(shop: Shop, **fields: Any) -> Ordered:
    asked = PaymentOrder(**{"amount": Money(1_000, "RUB"), **fields})
    return await shop.write(lambda tx: ordering.order(tx, CRYPTO, shop.tenant, asked, LOOPBACK))


async def pay(shop: Shop, ordered: Ordered, method: str = "card") -> Started:
    return await shop.payments.start(shop.db, Order(token=ordered.payment.token, method=method))


async def test_a_payment_is_ordered_with_its_fee_and_a_deadline(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))

    ordered = await order(
        shop,
        txid="order-1",
        description="Order 1",
        notify_url="http://127.0.0.1:9/hook",
        return_url="https://shop.example/thanks",
        customer=Customer(email="anna@mail.example"),
        lang="ru",
        metadata={"cart": "7"},
    )

    payment = ordered.payment
    assert (ordered.is_new, ordered.warnings) == (True, ())
    assert (payment.type, payment.status) == (PaymentType.PAYMENT, PaymentStatus.CREATED)
    assert (payment.txid, payment.link_id, payment.test) == ("order-1", None, True)
    assert (payment.amount_minor, payment.amount_with_fee_minor) == (1_000, 1_050)
    assert payment.expires_at == shop.clock.now() + 24 * HOUR
    assert [event.type for event in await shop.events(payment.id)] == ["payment.created"]


async def test_it_is_paid_like_any_other_and_its_webhook_names_no_link(shop: Shop) -> None:
    ordered = await order(shop, description="Order 1", lang="ru", customer=Customer(name="Anna"))
    started = await pay(shop, ordered)
    [charge] = shop.acquirer.charges
    assert (charge.description, charge.locale, charge.payer.name) == ("Order 1", "ru", "Anna")

    payment = await shop.charged(started)

    assert payment.status is PaymentStatus.CHARGED
    body = (await shop.events(payment.id))[-1].data["webhook"]["body"]
    assert body["type"] == "payment"
    assert "link" not in body
    with pytest.raises(LinkNotPayable):
        await pay(shop, ordered)


async def test_the_same_txid_with_the_same_body_is_the_same_payment(shop: Shop) -> None:
    first = await order(shop, txid="order-1", metadata={"a": "1", "b": "2"})

    again = await order(shop, txid="order-1", metadata={"b": "2", "a": "1"})

    assert (again.payment, again.is_new) == (first.payment, False)
    assert len(await shop.events(first.payment.id)) == 1


async def test_the_same_txid_with_another_body_is_refused(shop: Shop, neighbour: Shop) -> None:
    await order(shop, txid="order-1")

    for change in ({"amount": Money(1_001, "RUB")}, {"description": "Other"}, {"lang": "en"}):
        with pytest.raises(DuplicateTxid):
            await order(shop, txid="order-1", **change)

    assert (await order(neighbour, txid="order-1")).is_new


async def test_of_equal_orders_at_once_one_makes_the_payment(shop: Shop) -> None:
    made = await asyncio.gather(*(order(shop, txid="order-1") for _ in range(10)))

    assert len({one.payment.id for one in made}) == 1
    assert [one.is_new for one in made].count(True) == 1


async def test_an_order_without_a_txid_is_always_a_new_payment(shop: Shop) -> None:
    first, second = await order(shop), await order(shop)

    assert first.payment.id != second.payment.id
    assert first.payment.txid == first.payment.id


async def test_all_faults_come_at_once_by_the_names_of_the_api(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        await order(
            shop,
            amount=Money(0, "XAU"),
            txid="",
            notify_url="http://10.0.0.1/",
            return_url="javascript:alert(1)",
            fail_url="http://shop.example",
            metadata={"": "x"},
        )

    names = ("amount", "currency", "txid", "notifyUrl", "returnUrl", "failUrl", "metadata")
    assert set(refused.value.faults) == {f"params.{name}" for name in names}
    assert await shop.events() == []


async def test_without_an_account_it_is_made_and_cannot_be_paid_yet(neighbour: Shop) -> None:
    without = Shop(neighbour.db, neighbour.clock, neighbour.merchant)
    without.tenant = Tenant(without.merchant.id, test=False)

    ordered = await order(without)

    assert [warned.code for warned in ordered.warnings] == ["no_account"]
    with pytest.raises(LinkNotPayable) as refused:
        await pay(without, ordered)
    assert refused.value.state == "not_open_yet"


async def test_what_nobody_paid_is_cancelled_at_its_deadline(shop: Shop) -> None:
    ordered = await order(shop)

    await shop.wait(model.PAYMENT_LIFE)

    told = [event.type for event in await shop.events(ordered.payment.id)]
    assert told == ["payment.created", "payment.cancelled"]
    with pytest.raises(LinkNotPayable):
        await pay(shop, ordered)


async def test_an_attempt_that_ran_out_of_time_leaves_the_payment_open(shop: Shop) -> None:
    ordered = await order(shop)
    first = await pay(shop, ordered)
    await shop.wait(model.ATTEMPT_LIFE)
    assert (await shop.payment(first)).status is PaymentStatus.PENDING

    second = await pay(shop, ordered)

    assert second.attempt.id != first.attempt.id
    assert (await shop.charged(second)).status is PaymentStatus.CHARGED


async def test_an_attempt_at_the_deadline_may_end_first(shop: Shop) -> None:
    ordered = await order(shop)
    await shop.wait(model.PAYMENT_LIFE - HOUR)
    started = await pay(shop, ordered)

    await shop.wait(HOUR)

    assert await shop.told(started) == ["created", "cancelled"]
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED


async def test_a_decline_can_be_tried_again_until_it_is_given_up(shop: Shop) -> None:
    ordered = await order(shop)
    await shop.hears(await pay(shop, ordered), Declined("", "card_declined"))
    again = await pay(shop, ordered, "sbp")
    await shop.hears(again, Declined("", "card_declined"))

    await shop.wait(model.GIVE_UP_AFTER)

    assert await shop.told(again) == ["created", "failed"]


async def test_the_payer_cancels_it_at_the_acquirer(shop: Shop) -> None:
    started = await pay(shop, await order(shop))

    assert (await shop.hears(started, Cancelled(""))).status is PaymentStatus.CANCELLED


async def test_what_is_known_of_the_payer_is_kept_apart_from_the_payment(shop: Shop) -> None:
    known = Customer(email="anna@mail.example", name="Anna")
    ordered = await order(shop, customer=known)
    without = await order(shop)

    kept = await shop.db.read(lambda tx: payers.customer(tx, ordered.payment.payer_id))

    assert kept == known
    assert without.payment.payer_id is None
    assert "anna" not in repr(ordered.payment).lower()


async def test_of_a_payer_it_tells_the_body_again_without_keeping_it(shop: Shop) -> None:
    """Somebody who has the database cannot try addresses until one fits."""
    body = PaymentOrder(
        amount=Money(1_000, "RUB"), txid="1", customer=Customer(email="a@b.example")
    )
    first = await order(shop, txid="1", customer=body.customer)

    assert (await order(shop, txid="1", customer=body.customer)).payment == first.payment
    with pytest.raises(DuplicateTxid):
        await order(shop, txid="1", customer=Customer(email="b@b.example"))

    text = msgspec.json.encode(body, order="sorted")
    assert first.payment.fingerprint == CRYPTO.fingerprint(text)
    assert first.payment.fingerprint != hashlib.sha256(text).hexdigest()
    assert first.payment.fingerprint != Crypto(b"x" * 32).fingerprint(text)
