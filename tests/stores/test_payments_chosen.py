"""What payers choose, in the database: pressed twice at once, changed in between, kept for good."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from handbill.infra.database import Tx
from handbill.kernel.errors import Invalid, LinkNotPayable
from handbill.kernel.ids import new_id
from handbill.kernel.money import Money
from handbill.links.asked import Consent, Contact, Field
from handbill.links.model import Link, PayConfig
from handbill.merchants import service as merchants
from handbill.payments import payers
from handbill.payments.choice import Choice, mark_of
from handbill.payments.model import Agreement, Answer, Customer
from handbill.payments.order import Shown
from tests.support.shop import FIVE_PERCENT, Shop

pytestmark = pytest.mark.anyio

ASKED: dict[str, Any] = {
    "tips": (500, 1_000),
    "field": Field("table", "Table number", required=True),
    "contact": Contact.EMAIL,
    "consent": Consent("I am over 18.", required=True),
}
SAID: dict[str, Any] = {"field": "7", "email": "anna@here.example", "agreed": True}


async def table(shop: Shop, **terms: Any) -> Link:
    """Two coffees over 7 roubles in all, any number of each."""
    first, second = [(await shop.product()).id for _ in range(2)]
    config = PayConfig(quantity_max=9, **ASKED)
    made = await shop.make_link((first, second), amount_minor=700, pay_config=config, **terms)
    return made.full.link


async def test_what_was_chosen_is_kept_with_the_payment(shop: Shop) -> None:
    link = await table(shop)
    at = shop.clock.now()

    started = await shop.pay(link, choice=Choice(tip="1000", **SAID))

    payment = await shop.payment(started)
    assert (payment.amount_minor, payment.tip_minor) == (770, 70)
    assert [(line.quantity, line.amount_minor) for line in payment.lines] == [(1, 350), (1, 350)]
    assert payment.answer == Answer("table", "Table number", "7")
    assert payment.agreement == Agreement("I am over 18.", at, ticked=True)
    assert payment.metadata == {"table": "7"}

    def known(tx: Tx) -> Customer:
        return payers.customer(tx, payment.payer_id)

    assert await shop.db.read(known) == Customer(email="anna@here.example")
    assert shop.acquirer.charges[0].payer.email == "anna@here.example"
    charged = await shop.charged(started)
    assert (charged.lines, charged.answer) == (payment.lines, payment.answer)


async def test_the_same_choice_pressed_at_once_is_one_attempt(shop: Shop) -> None:
    link, click = await table(shop, max_payments=1), new_id(shop.clock.now())
    said = Choice(tip="500", **SAID)

    both = await asyncio.gather(
        *(shop.pay(link, attempt_id=click, choice=said) for _ in range(2)),
        *(shop.pay(link, attempt_id=new_id(shop.clock.now()), choice=said) for _ in range(2)),
    )

    assert len({started.attempt.id for started in both}) == 1
    assert len(shop.acquirer.charges) == 1


async def test_other_choices_at_once_leave_one_attempt_alive(shop: Shop) -> None:
    link = await table(shop, max_payments=1)
    choices = [Choice(tip=tip, **SAID) for tip in ("0", "500", "1000")]

    await asyncio.gather(*(shop.pay(link, choice=one) for one in choices), return_exceptions=True)

    live = await shop.db.read(
        lambda tx: tx.value(
            "SELECT COUNT(*) FROM attempts a JOIN payments p ON p.id = a.payment_id"
            " WHERE p.link_id = :link_id AND a.live",
            link_id=link.id,
        )
    )
    assert live == 1
    with pytest.raises(LinkNotPayable):
        await shop.pay(link, payer="bella", choice=choices[0])


async def test_the_same_page_pressed_with_another_choice_is_a_new_click(shop: Shop) -> None:
    link, click = await table(shop), new_id(shop.clock.now())
    first = await shop.pay(link, attempt_id=click, choice=Choice(tip="500", **SAID))
    for change in ({"tip": "1000"}, {"field": "8"}, {"email": "anna@there.example"}):
        said = {"tip": "500", **SAID, **change}
        again = await shop.pay(link, attempt_id=click, choice=Choice(**said))
        assert again.payment.id != first.payment.id


async def test_a_total_or_a_text_that_nobody_saw_starts_nothing(shop: Shop) -> None:
    link = await table(shop)
    mark = mark_of(link.pay_config)
    said = Choice(tip="500", **SAID)
    for shown, fault in (
        (Shown((Money(700, "RUB"),), mark), "amount"),
        (Shown((Money(735, "USD"),), mark), "amount"),
        (Shown((), mark), "amount"),
        (Shown((Money(735, "RUB"),), "another"), "consent"),
    ):
        with pytest.raises(Invalid) as refused:
            await shop.pay(link, choice=said, shown=shown)
        assert set(refused.value.faults) == {fault}
    assert shop.acquirer.charges == []
    shown = Shown((Money(700, "RUB"), Money(735, "RUB")), mark)
    assert (await shop.pay(link, choice=said, shown=shown)).payment.amount_minor == 735


async def test_the_payers_fee_is_of_the_amount_with_its_tip(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    link = await table(shop)

    started = await shop.pay(link, choice=Choice(tip="1000", **SAID))

    payment = await shop.charged(started)
    assert (payment.amount_minor, payment.amount_with_fee_minor) == (770, 809)
    assert payment.amount_dest_minor == 770 - 39
