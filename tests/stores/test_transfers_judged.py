"""A person decides about a bank transfer that did not fit: what pays the payment is never touched,
and no fee is booked that nobody took."""

from __future__ import annotations

import pytest

from handbill.infra.database import Tx
from handbill.kernel.errors import Invalid, NotRefundable
from handbill.kernel.money import Money
from handbill.ledger import book
from handbill.ledger.model import Chain
from handbill.merchants import service as merchants
from handbill.payments import judging, refunding
from handbill.payments.judging import Decision
from handbill.payments.model import Payment, PaymentStatus, Standing
from handbill.payments.refund import RefundStatus
from handbill.payments.start import Started
from handbill.providers.contract import Charged
from tests.support.books import judge_books
from tests.support.shop import FIVE_PERCENT, Shop
from tests.support.transfers import bank_account, confirm

pytestmark = pytest.mark.anyio


async def balances(shop: Shop) -> dict[str, int]:
    found = await shop.db.read(lambda tx: book.balances(tx, Chain(shop.merchant.id, True)))
    return {one.account: one.minor for one in found if one.minor}


async def judge(
    shop: Shop, started: Started, decision: Decision, *, by_hand: bool = False
) -> Payment:
    def act(tx: Tx) -> Payment:
        payment_id = started.payment.id
        return judging.judge(tx, shop.tenant, payment_id, decision, by_hand=by_hand)

    return await shop.write(act)


@pytest.mark.parametrize("came", [900, 5_000])
async def test_what_is_accepted_beside_another_charge_changes_nothing_of_it(
    shop: Shop, came: int
) -> None:
    """Paid by card, then a transfer of another sum: the payment says what the card paid, and no
    more than that goes back by card."""
    await bank_account(shop)
    link = await shop.link()
    sent = await shop.pay(link, method="transfer")
    paid = await shop.charged(await shop.pay(link, method="card"))
    await confirm(shop, sent, came)

    payment = await judge(shop, sent, Decision.ACCEPT)

    assert (payment.amount_minor, payment.amount_with_fee_minor) == (1_000, 1_000)
    assert (await shop.attempt(sent)).standing is Standing.SURPLUS
    payment = await judge(shop, sent, Decision.ACCEPT)
    assert (payment.amount_minor, payment.method) == (paid.amount_minor, "card")
    assert await balances(shop) == {
        "acquirer:fake": 1_000,
        "acquirer:transfer": came,
        "sales": -1_000 - came,
    }
    with pytest.raises(Invalid):
        await shop.write(lambda tx: refunding.open_refund(tx, payment, 1_001, None))
    refund = await shop.write(lambda tx: refunding.open_refund(tx, payment, None, None))
    assert (refund.amount_minor, refund.with_fee_minor) == (1_000, 1_000)
    await judge_books(shop.db)


async def test_no_bank_takes_the_fee_of_what_is_accepted(shop: Shop) -> None:
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"fee_rule": FIVE_PERCENT}))
    await bank_account(shop)
    started = await shop.pay(await shop.link(), method="transfer")
    await confirm(shop, started, 900)

    payment = await judge(shop, started, Decision.ACCEPT)

    assert (payment.status, payment.amount_dest_minor) == (PaymentStatus.CHARGED, 855)
    assert (await shop.attempt(started)).fee_minor == 0
    assert await balances(shop) == {"acquirer:transfer": 900, "sales": -900}
    assert "fee_settled" in await shop.told(started)
    await judge_books(shop.db)


async def test_a_transfer_in_review_goes_back_by_hand_alone(shop: Shop) -> None:
    await bank_account(shop)
    started = await shop.pay(await shop.link(), method="transfer")
    waiting = await confirm(shop, started, 900)

    with pytest.raises(NotRefundable, match="by_hand") as refused:
        await judge(shop, started, Decision.REFUND)

    assert refused.value.code == "refund_by_hand"
    assert (await shop.payment(started), await shop.refunds_of(started)) == (waiting, [])
    payment = await judge(shop, started, Decision.REFUND, by_hand=True)
    [refund] = await shop.refunds_of(started)
    assert (payment.status, refund.status) == (PaymentStatus.CANCELLED, RefundStatus.SUCCEEDED)
    assert await balances(shop) == {}


async def test_what_an_acquirer_holds_in_review_does_not_go_back_by_hand(shop: Shop) -> None:
    started = await shop.pay(await shop.link())
    await shop.hears(started, Charged("", Money(900, "RUB")))

    with pytest.raises(NotRefundable, match="leave out by_hand"):
        await judge(shop, started, Decision.REFUND, by_hand=True)
