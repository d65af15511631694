"""How a payment stands: from payment and attempt to what its page says. Pure.

It says what is known and no more. Where the acquirer has not spoken, the page does not guess, and
it never asks a payer to pay twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import SECOND, Instant
from handbill.kernel.money import Money
from handbill.merchants.model import BY_HAND, Merchant
from handbill.merchants.money_rule import OnSurplus
from handbill.payments import model
from handbill.payments.mark import Mark
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.payments.service import PaymentWithAttempt
from handbill.web.pages import transfers
from handbill.web.pages.language import Language
from handbill.web.pages.showing import first_line, seconds_until, seller
from handbill.web.pages.views import Line, Scan, StatusPage, StatusState, Unfinished
from handbill.web.pages.words import METHODS, reason

REFRESH_SECONDS = 5
"""For browsers without script; the others look every two seconds."""
UNANSWERED_AFTER = 5 * SECOND
"""An acquirer that has taken longer to answer our create has perhaps not answered at all."""
CODE_BYTES_MAX = 2_331
"""What the largest QR code holds at level M (ISO/IEC 18004, table 7)."""

TRANSFER_REFRESH_SECONDS = 300
"""The same while a transfer is awaited: who copies from the page is not to be disturbed."""
LOOKING_AGAIN: frozenset[StatusState] = frozenset(
    {"waiting", "scan", "transfer", "code_over", "unknown"}
)
OPEN = LOOKING_AGAIN | {"review"}
"""States in which something is still to come."""

_WITHOUT_MONEY: Mapping[AttemptStatus, StatusState] = {
    AttemptStatus.DECLINED: "declined",
    AttemptStatus.CANCELLED: "cancelled",
    AttemptStatus.EXPIRED: "expired",
}


def status_page(
    found: PaymentWithAttempt,
    merchant: Merchant,
    addresses: Addresses,
    language: Language,
    mark: Mark,
    now: Instant,
    *,
    is_taken: bool = False,
    code: str | None = None,
) -> StatusPage:
    """`is_taken`: the link is paid as often as it may be. `code`: of the placement where the payer
    came by."""
    payment, attempt = found.payment, found.attempt
    state = state_of(payment, attempt, now)
    fee = payment.amount_with_fee_minor - payment.amount_minor
    method = payment.method or (attempt.method if attempt else None)
    said = _reason(payment, attempt) if state in ("declined", "not_started") else ""
    looks_again = state in LOOKING_AGAIN
    has_money = state in ("charged", "refunded")
    has_ended = not looks_again and state != "review"
    return StatusPage(
        state=state,
        title=payment.title or first_line(payment.description),
        total=Money(payment.amount_with_fee_minor, payment.currency),
        seller=seller(merchant, addresses),
        reference=payment.txid,
        lines=tuple(_line(line, payment.currency) for line in payment.lines),
        tip=Money(payment.tip_minor, payment.currency) if payment.tip_minor else None,
        fee=Money(fee, payment.currency) if fee else None,
        refunded=(
            Money(payment.refunded_minor, payment.currency) if payment.refunded_minor else None
        ),
        at=(payment.charged_at or payment.updated_at) if has_ended else None,
        method=language.gettext(METHODS[method].label) if method in METHODS else "",
        receipt_number=payment.txid if payment.charged_at is not None else "",
        reason=language.gettext(said) if said else "",
        scan=_scan(payment, attempt, addresses, now) if state == "scan" else None,
        transfer=(
            transfers.view_of(payment, attempt, addresses, language, is_taken=is_taken)
            if state == "transfer" and attempt is not None
            else None
        ),
        continue_url=_continue(payment, attempt) if state == "waiting" else None,
        try_again_url=(
            language.onward(_again(payment, addresses, code))
            if _may_choose(payment, state, now)
            else None
        ),
        by_code=attempt is not None and attempt.qr_payload is not None,
        back_url=_back(payment, state) if has_ended else None,
        events_url=addresses.status_page(payment.token) + "/events" if looks_again else None,
        receipt_url=addresses.status_page(payment.token) + "/receipt" if has_money else None,
        mark=mark if state == "charged" else None,
        surplus=_surplus(merchant, method) if payment.surplus and state == "charged" else None,
        refresh_seconds=_refresh_seconds(state) if looks_again else None,
        test=payment.test,
    )


def state_of(payment: Payment, attempt: Attempt | None, now: Instant) -> StatusState:
    if payment.status is PaymentStatus.CHARGED:
        return "charged"
    if payment.status is PaymentStatus.REFUNDED:
        return "refunded"
    if attempt is None:
        return "expired"
    if attempt.error_code == model.REVIEW:
        return "review"
    if attempt.live and payment.status in model.OPEN:
        return _live_state(payment, attempt, now)
    if payment.status is PaymentStatus.CANCELLED:
        return "expired" if attempt.status is AttemptStatus.EXPIRED else "cancelled"
    state = _WITHOUT_MONEY.get(attempt.status, "cancelled")
    return "not_started" if state == "declined" and _never_began(attempt) else state


def shown(found: PaymentWithAttempt, now: Instant, *, is_taken: bool = False) -> dict[str, str]:
    """What a page that is still open compares with what stands on it."""
    payment, attempt = found.payment, found.attempt
    state = state_of(payment, attempt, now)
    goes_on = state == "waiting" and _continue(payment, attempt) is not None
    taken = "taken" if state == "transfer" and is_taken else ""
    return {"state": state, "look": "continue" if goes_on else taken}


def unfinished(found: PaymentWithAttempt, addresses: Addresses, now: Instant) -> Unfinished | None:
    """The payer's own attempt that is still open somewhere, and where to go on with it."""
    payment, attempt = found.payment, found.attempt
    if attempt is None or not attempt.live:
        return None
    # What the acquirer is deciding, or has no page for, is told by our own page.
    there = _continue(payment, attempt) if now < attempt.expires_at else None
    return Unfinished(there or addresses.status_page(payment.token), attempt.created_at)


def _live_state(payment: Payment, attempt: Attempt, now: Instant) -> StatusState:
    if attempt.status is AttemptStatus.CREATED:
        return "unknown" if now - attempt.created_at >= UNANSWERED_AFTER else "waiting"
    if payment.status is not PaymentStatus.PENDING or attempt.qr_payload is None:
        return "waiting"
    if attempt.by_hand:
        return "transfer"
    return "scan" if now < attempt.expires_at else "code_over"


def _never_began(attempt: Attempt) -> bool:
    """Whether the acquirer has nothing of it: every attempt that it knows has a reference."""
    return not attempt.reference


def _continue(payment: Payment, attempt: Attempt | None) -> str | None:
    """The acquirer's page, as long as the payer has something to do there."""
    if attempt is None or not attempt.live or payment.status is not PaymentStatus.PENDING:
        return None
    return attempt.redirect_url if attempt.error_code != model.REVIEW else None


def _line(line: model.Line, currency: str) -> Line:
    return Line(line.title, quantity=line.units, amount=Money(line.amount_minor, currency))


def _surplus(merchant: Merchant, method: str | None) -> Literal["returned", "judged"]:
    """What the merchant's rule makes of it. Of a transfer a person has to."""
    goes_back = merchant.money_rule.surplus is OnSurplus.REFUND and method not in BY_HAND
    return "returned" if goes_back else "judged"


def _refresh_seconds(state: StatusState) -> int:
    return TRANSFER_REFRESH_SECONDS if state == "transfer" else REFRESH_SECONDS


def _reason(payment: Payment, attempt: Attempt | None) -> str:
    return reason((attempt.error_code if attempt else None) or payment.error_code)


def _scan(
    payment: Payment, attempt: Attempt | None, addresses: Addresses, now: Instant
) -> Scan | None:
    if attempt is None or attempt.qr_payload is None:
        return None
    payload = attempt.qr_payload
    fits = len(payload.encode()) <= CODE_BYTES_MAX
    return Scan(
        picture_url=addresses.status_page(payment.token) + "/qr.svg" if fits else None,
        open_url=payload if payload.startswith(("https://", "http://")) else None,
        seconds_left=seconds_until(attempt.expires_at, now),
    )


def _may_choose(payment: Payment, state: StatusState, now: Instant) -> bool:
    """Whether the payer may try again or choose another way. Not while an answer is on its way:
    that would ask for money twice."""
    if state in ("waiting", "scan", "transfer", "code_over"):
        return payment.status is PaymentStatus.PENDING
    if state not in ("declined", "not_started", "cancelled", "expired"):
        return False
    if payment.link_id is not None:
        return True
    return payment.status in model.OPEN and now < payment.expires_at


def _again(payment: Payment, addresses: Addresses, code: str | None) -> str:
    if payment.link_id is None:
        return addresses.payment_page(payment.token)
    if code is not None:
        return addresses.placement_page(code, payment.personal or "")
    return addresses.link_page(payment.link_id, payment.personal or "")


def _back(payment: Payment, state: StatusState) -> str | None:
    """To the shop, where the merchant said so. A status never travels in an address."""
    good = state in ("charged", "refunded")
    url = payment.return_url if good else payment.fail_url or payment.return_url
    return url.replace("{PAYMENT_ID}", quote(payment.id)) if url else None
