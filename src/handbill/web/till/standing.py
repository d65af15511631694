"""How a sale stands at the till: from payment and attempt to what its pages say. Pure.

`paid` comes from the payment's own status and from nothing else.
"""

from __future__ import annotations

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.payments import model
from handbill.payments.mark import Mark
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.payments.selling import Sale
from handbill.web.pages.language import Language
from handbill.web.pages.showing import first_line
from handbill.web.till.views import ListedSale, SaleLine
from handbill.web.till.words import STATES, TillState


def state_of(payment: Payment, attempt: Attempt | None, now: Instant) -> TillState:
    match payment.status:
        case PaymentStatus.CHARGED:
            return "paid"
        case PaymentStatus.REFUNDED:
            return "refunded"
        case PaymentStatus.FAILED | PaymentStatus.REJECTED:
            return "failed"
        case PaymentStatus.CANCELLED:
            return "expired" if payment.updated_at >= payment.expires_at else "cancelled"
    if attempt is not None and attempt.error_code == model.REVIEW:
        return "review"
    if attempt is not None and attempt.live:
        return "paying"
    if now >= payment.expires_at:
        return "expired"
    declined = attempt is not None and attempt.status is AttemptStatus.DECLINED
    return "declined" if declined else "open"


def listed(sale: Sale, mark: Mark, language: Language, now: Instant) -> ListedSale:
    payment = sale.payment
    state = state_of(payment, sale.attempt, now)
    part = payment.refunded_minor if state == "paid" else 0
    return ListedSale(
        id=payment.id,
        state=state,
        title=language.gettext(STATES[state].title),
        amount=payment.amount,
        at=payment.created_at,
        mark=mark if state == "paid" else None,
        what=payment.title or first_line(payment.description),
        refunded=Money(part, payment.currency) if part else None,
    )


def lines(sale: Sale) -> tuple[SaleLine, ...]:
    currency = sale.payment.currency
    found = [SaleLine(one.title, one.count, Money(one.minor, currency)) for one in sale.lines]
    rest = sale.payment.amount_minor - sum(one.minor for one in sale.lines)
    if found and rest:
        found.append(SaleLine("", 1, Money(rest, currency)))
    return tuple(found)
