"""The first transaction of Pay: the place taken, payment and attempt stored, before any network.

Everything that can be refused is refused before the first write, so that refusals cost nothing.
"""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Faults, Invalid, LinkNotPayable, NotFound
from handbill.kernel.money import Money
from handbill.links import model as link_model
from handbill.links import service as link_service
from handbill.links import store as links
from handbill.links import traffic
from handbill.links.model import CaptureMode, Link
from handbill.links.personal import Prefill
from handbill.merchants import accounts
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.merchants.model import BY_HAND, Account, Merchant, MerchantStatus, Tenant
from handbill.payments import attempts, choice, facts, model, payers, store
from handbill.payments.choice import Chosen
from handbill.payments.model import (
    Attempt,
    Customer,
    Payment,
    PaymentStatus,
    PaymentType,
)
from handbill.payments.order import REFERENCE, Order
from handbill.screening import service as screening


class Opened(msgspec.Struct, frozen=True):
    """`account` is the attempt's. `is_new`: the acquirer has not been asked yet. `must_end`: the
    attempt is an earlier one of the same payer, to be ended at its acquirer before another may
    begin. `customer` is what a new attempt's acquirer may be told of the payer."""

    payment: Payment
    attempt: Attempt
    account: Account
    is_new: bool = False
    must_end: bool = False
    customer: Customer = Customer()


def open_attempt(tx: Tx, order: Order) -> Opened:
    """Raises LinkNotPayable, NotFound, Invalid. One atomic step: of two payers that want the last
    place, one gets it."""
    opened = _open(tx, order)
    if order.lang in (None, opened.payment.lang):
        return opened
    # Whoever begins in one language may go on in another; what comes later speaks that one.
    payment = msgspec.structs.replace(opened.payment, lang=order.lang)
    store.save(tx, payment)
    return msgspec.structs.replace(opened, payment=payment)


def _open(tx: Tx, order: Order) -> Opened:
    if order.attempt_id is not None:
        attempt = store.find_attempt(tx, order.attempt_id)
        if attempt is not None:
            payment = store.get(tx, attempt.payment_id)
            if _is_same_click(tx, order, payment, attempt):
                return Opened(payment, attempt, accounts.get(tx, attempt.account_id))
            # A proof of work pays for one attempt, and that one is there already.
            order = msgspec.structs.replace(order, attempt_id=None, effort=0)
    if order.link_id is not None:
        return _on_link(tx, order, order.link_id)
    return _on_payment(tx, order, order.token or "")


def _is_same_click(tx: Tx, order: Order, payment: Payment, attempt: Attempt) -> bool:
    """Whether it came before and says the same. A page that the browser had kept can be pressed
    again with another choice: that is a new click. Raises NotFound for a click on another page."""
    if order.link_id not in (None, payment.link_id) or order.token not in (None, payment.token):
        raise NotFound("There is no such payment.")
    if order.payer is None:  # not known again: a new click could not find the earlier attempt
        return True
    prefill, amount = order.prefill, order.minor_in(payment.currency)
    amount = prefill.amount.minor if prefill.amount is not None else amount
    same_method = order.method in (None, attempt.method)
    same_amount = amount in (None, payment.amount_minor - payment.tip_minor)
    same_reference = prefill.reference in (None, payment.metadata.get(REFERENCE))
    same_choice = choice.says_the_same(order.choice, payment)
    same_person = choice.names(order.choice, payers.customer(tx, payment.payer_id))
    return same_method and same_amount and same_reference and same_choice and same_person


def _on_link(tx: Tx, order: Order, link_id: str) -> Opened:
    link = links.lock(tx, link_id)
    merchant = payable_merchant(tx, link.merchant_id)
    mine = _open_payment(tx, link, order.payer)
    _check_open(tx, link, mine, order.prefill)
    offered = accounts.offered(tx, Tenant(link.merchant_id, link.test), link.currency)
    method, account = _route(offered, link.pay_config.methods or (), order.method)
    chosen = _chosen(tx, link, order)
    amount = chosen.amount
    with_fee = derive(merchant.fee_rule, amount).with_fee
    order.check_shown(link, chosen, Money(with_fee, amount.currency))
    earlier, fits = None, True
    if mine is not None:
        called = order.metadata_on(link, chosen.answer).get(REFERENCE)
        fits = _fits(tx, mine, chosen, with_fee) and mine.metadata.get(REFERENCE) == called
        earlier = _earlier(tx, mine, method, fits=fits)
    if earlier is None or earlier.must_end:
        screening.admit_to_link(tx, order.network, link.id, effort=order.effort)
    if earlier is not None:
        return earlier
    if mine is not None and not fits:  # the link was edited, or this is about something else
        links.free_place(tx, mine.id)
        mine = None
    payment = mine or _new_payment(tx, link, chosen, with_fee, order)
    lifetime = attempts.life_of(method)
    if method in BY_HAND:  # nobody waits for days: a transfer takes no place
        payment = attempts.with_days(payment, tx.now)
        links.free_place(tx, payment.id)
    elif not link_model.is_reusable(link):
        lifetime = model.PLACE_LIFE
        links.hold_place(tx, link.id, payment.id, tx.now + lifetime + model.PLACE_GRACE)
    if mine is None:
        store.add(tx, payment)
        traffic.count_start(tx, link.id, payment.placement_id)
        facts.record(tx, "payment.created", payment, first=True)
    elif payment is not mine:
        store.save(tx, payment)
    attempt = attempts.begin(tx, payment, account, method, order.attempt_id, lifetime)
    screening.begun_on_link(tx, order.network, link.id, attempt.id)
    return Opened(payment, attempt, account, is_new=True, customer=chosen.customer)


def _on_payment(tx: Tx, order: Order, token: str) -> Opened:
    payment = store.find_by_token(tx, token)
    if payment is None or payment.type is not PaymentType.PAYMENT:
        raise NotFound("There is no such payment.")
    payable_merchant(tx, payment.merchant_id)
    if payment.status not in model.OPEN:
        raise LinkNotPayable("closed")
    if payment.expires_at <= tx.now:
        raise LinkNotPayable("expired")
    method, account = _route(attempts.offered(tx, payment), (), order.method)
    earlier = _earlier(tx, payment, method, fits=True)
    if earlier is not None:
        return earlier
    screening.admit_to_payment(tx, order.network, payment.id)
    if method in BY_HAND:
        payment = attempts.with_days(payment, tx.now)
        store.save(tx, payment)
    lifetime = attempts.life_of(method)
    attempt = attempts.begin(tx, payment, account, method, order.attempt_id, lifetime)
    screening.begun_on_payment(tx, order.network, payment.id, attempt.id)
    customer = payers.customer(tx, payment.payer_id)
    return Opened(payment, attempt, account, is_new=True, customer=customer)


def payable_merchant(tx: Tx, merchant_id: int) -> Merchant:
    merchant = merchants.get(tx, merchant_id)
    if merchant.status is MerchantStatus.PAUSED:
        raise LinkNotPayable("paused", "This seller takes no payments at the moment.")
    return merchant


def _open_payment(tx: Tx, link: Link, payer: str | None) -> Payment | None:
    """The one that this payer began on the link and that can still be paid."""
    mine = store.find_of_payer(tx, link.id, payer) if payer else None
    return mine if mine is not None and mine.status in model.OPEN else None


def _check_open(tx: Tx, link: Link, mine: Payment | None, prefill: Prefill) -> None:
    end = link_model.end_of(link, tx.now) or prefill.end_on(link, tx.now)
    if end is not None:
        raise LinkNotPayable(end)
    if link.max_payments is None:
        return
    others = links.places_taken(tx, link.id, mine.id if mine else "")
    if link.payments_count + others >= link.max_payments:
        raise LinkNotPayable("taken", free_at=links.next_free_at(tx, link.id))


def _fits(tx: Tx, payment: Payment, chosen: Chosen, with_fee: int) -> bool:
    """Whether the payer's open payment is for the same, and by the same person."""
    return (
        payment.amount == chosen.amount
        and payment.amount_with_fee_minor == with_fee
        and choice.is_same(payment, chosen)
        and payers.customer(tx, payment.payer_id) == chosen.customer
    )


def _earlier(tx: Tx, payment: Payment, method: str, *, fits: bool) -> Opened | None:
    """The payer's live attempt: taken up again where nothing changed, otherwise to be ended."""
    attempt = store.latest_attempt(tx, payment.id)
    if attempt is None or not attempt.live:
        return None
    goes_on = fits and attempt.method == method and tx.now < attempt.expires_at
    account = accounts.get(tx, attempt.account_id)
    return Opened(payment, attempt, account, must_end=not goes_on)


def _route(
    offered: dict[str, Account], named: tuple[str, ...], wanted: str | None
) -> tuple[str, Account]:
    """The method and the account that takes it. A single method need not be named."""
    methods = [m for m in (named or tuple(offered)) if m in offered]
    if not methods:
        raise LinkNotPayable("not_open_yet", "The seller has no way to take this payment yet.")
    if wanted is None and len(methods) == 1:
        wanted = methods[0]
    if wanted is None:
        raise Invalid({"method": ["is required; one of: " + ", ".join(methods)]})
    if wanted not in methods:
        raise Invalid({"method": ["must be one of: " + ", ".join(methods)]})
    return wanted, offered[wanted]


def _chosen(tx: Tx, link: Link, order: Order) -> Chosen:
    """Raises Invalid with all that is wrong, by the names of the form's fields."""
    full = link_service.with_products(tx, Tenant(link.merchant_id, link.test), [link])[0]
    prefill, base, found = order.prefill, None, Faults()
    if prefill.amount is not None:
        full = full.without_quantities()
    try:
        base = order.amount_on(link)
    except Invalid as error:
        found = error.faults
    known = Customer(email=prefill.email)
    judged = choice.judge(full, base, order.choice, tx.now, known)
    if judged.chosen is None or found:
        raise Invalid(found | judged.faults)
    return judged.chosen


def _new_payment(tx: Tx, link: Link, chosen: Chosen, with_fee: int, order: Order) -> Payment:
    payment_id, amount = ids.new_id(tx.now), chosen.amount
    return Payment(
        id=payment_id,
        merchant_id=link.merchant_id,
        test=link.test,
        link_id=link.id,
        product_id=link.product_id,
        txid=ids.reference(),
        type=PaymentType.LINK,
        fingerprint=None,
        token=ids.token(),
        payer=order.payer,
        payer_id=payers.add(tx, Tenant(link.merchant_id, link.test), chosen.customer),
        status=PaymentStatus.CREATED,
        amount_minor=amount.minor,
        amount_with_fee_minor=with_fee,
        amount_dest_minor=0,
        refunded_minor=0,
        currency=amount.currency,
        method=None,
        provider=None,
        title=link.title,
        description=link.description,
        notify_url=link.notify_url,
        return_url=link.return_url,
        fail_url=link.fail_url,
        lang=order.lang or link.lang,
        metadata=order.metadata_on(link, chosen.answer),
        error_code=None,
        error_description=None,
        late=False,
        surplus=False,
        capture=link.pay_config.capture is not CaptureMode.MANUAL,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=tx.now + model.PAYMENT_LIFE,
        charged_at=None,
        personal=order.personal.query if order.personal is not None else None,
        placement_id=order.placement_id,
        tip_minor=chosen.tip_minor,
        lines=chosen.lines,
        answer=chosen.answer,
        agreement=chosen.agreement,
    )
