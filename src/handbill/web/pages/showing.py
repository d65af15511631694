"""From what the house knows to what the templates show. Pure but for the addresses of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from handbill.catalog import images
from handbill.catalog.products import Product
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.links.model import AmountType, Label
from handbill.links.offer import Offer
from handbill.merchants.fees import BASIS_POINTS, Fee
from handbill.merchants.model import Merchant
from handbill.payments.model import Attempt, AttemptStatus, Payment, PaymentStatus
from handbill.payments.service import PaymentWithAttempt
from handbill.web.pages.language import Language
from handbill.web.pages.views import (
    AskedAmount,
    Line,
    Method,
    PayPage,
    Picture,
    Scan,
    Seller,
    StatusPage,
    StatusState,
    Unfinished,
)
from handbill.web.pages.words import METHODS

WAITING_REFRESH_SECONDS = 2

Sizes = Mapping[str, tuple[int, int]]


def seller(merchant: Merchant) -> Seller:
    return Seller(
        name=merchant.name,
        legal_name=merchant.legal_name or "",
        tax_id=merchant.tax_id or "",
        support_contact=merchant.support_contact or "",
    )


def picture(key: str | None, addresses: Addresses, sizes: Sizes) -> Picture | None:
    """The small variant: pages never load the whole upload."""
    if key is None:
        return None
    width, height = sizes.get(key, (None, None))
    return Picture(addresses.image(images.small_key(key)), width, height)


def methods(names: tuple[str, ...], language: Language) -> tuple[Method, ...]:
    def shown(name: str) -> Method:
        words = METHODS[name]
        hint = language.gettext(words.hint) if words.hint else ""
        return Method(name, language.gettext(words.label), hint)

    return tuple(shown(name) for name in names)


def pay_page(offer: Offer, addresses: Addresses, sizes: Sizes, language: Language) -> PayPage:
    link, amounts = offer.link, offer.amounts
    amount = fee = total = None
    if amounts is not None:
        amount = Money(amounts.amount, link.currency)
        if amounts.with_fee != amounts.amount:
            fee = Money(amounts.with_fee - amounts.amount, link.currency)
            total = Money(amounts.with_fee, link.currency)
    label = link.pay_config.label
    return PayPage(
        title=link.title or offer.merchant.name,
        seller=seller(offer.merchant),
        action=addresses.link_page(link.id),
        methods=methods(tuple(name for name, _ in offer.methods), language),
        asked=None if amounts is not None else asked(offer),
        description=link.description or "",
        lines=_lines(offer, addresses, sizes),
        picture=picture(link.image, addresses, sizes),
        label=label if isinstance(label, Label) else Label.PAY,
        test=link.test,
        amount=amount,
        fee=fee,
        amount_with_fee=total,
    )


def asked(offer: Offer, typed: str | None = None, fault: str = "") -> AskedAmount:
    """The amount field; after a refusal with what was typed and why it was refused."""
    link = offer.link

    def money(minor: int | None) -> Money | None:
        return Money(minor, link.currency) if minor else None

    return AskedAmount(
        currency=link.currency,
        suggestion=money(link.amount_minor),
        minimum=money(link.min_minor),
        maximum=money(link.max_minor),
        typed=typed,
        fault=fault,
        fee_percent=_fee_words(offer.merchant.fee_rule.payer, link.currency),
    )


def _fee_words(fee: Fee, currency: str) -> str:
    words = []
    if fee.basis_points:
        whole, part = divmod(fee.basis_points * 100, BASIS_POINTS)
        digits = f"{whole}.{part:04}".rstrip("0").rstrip(".")
        words.append(f"{digits}%")
    if fixed := fee.fixed.get(currency):
        words.append(str(Money(fixed, currency).decimal()))
    return " + ".join(words)


def _lines(offer: Offer, addresses: Addresses, sizes: Sizes) -> tuple[Line, ...]:
    full = offer.full
    if offer.link.product_id is not None:
        return ()  # the page is the product's own: it says everything above already
    priced = full.lines_add_up and offer.link.amount_type is AmountType.FIXED
    return tuple(_line(product, priced, addresses, sizes) for product in full.products)


def _line(product: Product, priced: bool, addresses: Addresses, sizes: Sizes) -> Line:
    return Line(
        title=product.header,
        text=product.text or "",
        quantity=product.qty,
        amount=product.amount if priced else None,
        picture=picture(product.image, addresses, sizes),
    )


def unfinished(found: PaymentWithAttempt, addresses: Addresses) -> Unfinished | None:
    """The payer's own attempt that is still open somewhere."""
    attempt = found.attempt
    if attempt is None or not attempt.live:
        return None
    url = attempt.redirect_url or addresses.status_page(found.payment.token)
    return Unfinished(url, attempt.created_at)


def status_page(
    found: PaymentWithAttempt, merchant: Merchant, addresses: Addresses, language: Language
) -> StatusPage:
    payment, attempt = found.payment, found.attempt
    state = _state(payment, attempt)
    fee = payment.amount_with_fee_minor - payment.amount_minor
    method = payment.method or (attempt.method if attempt else None)
    waits = state in ("waiting", "scan")
    can_continue = waits and attempt is not None and attempt.live
    return StatusPage(
        state=state,
        title=payment.title or payment.description or merchant.name,
        total=Money(payment.amount_with_fee_minor, payment.currency),
        seller=seller(merchant),
        reference=payment.txid,
        fee=Money(fee, payment.currency) if fee else None,
        refunded=(
            Money(payment.refunded_minor, payment.currency) if payment.refunded_minor else None
        ),
        at=payment.charged_at or payment.updated_at,
        method=language.gettext(METHODS[method].label) if method in METHODS else "",
        receipt_number=payment.txid if payment.charged_at is not None else "",
        reason=_reason(payment, language) if state == "declined" else "",
        scan=_scan(payment, attempt, addresses) if state == "scan" else None,
        continue_url=attempt.redirect_url if can_continue and attempt else None,
        try_again_url=_again(payment, addresses) if _may_try_again(payment, state) else None,
        back_url=_back(payment, state),
        refresh_seconds=WAITING_REFRESH_SECONDS if waits else None,
        test=payment.test,
    )


def _state(payment: Payment, attempt: Attempt | None) -> StatusState:
    ended: Mapping[PaymentStatus, StatusState] = {
        PaymentStatus.CHARGED: "charged",
        PaymentStatus.REFUNDED: "refunded",
        PaymentStatus.FAILED: "declined",
        PaymentStatus.REJECTED: "declined",
    }
    if payment.status in ended:
        return ended[payment.status]
    if attempt is not None and not attempt.live:
        if attempt.status is AttemptStatus.DECLINED:
            return "declined"
        if attempt.status is AttemptStatus.EXPIRED:
            return "expired"
    if payment.status is PaymentStatus.CANCELLED:
        return "cancelled" if attempt is not None else "expired"
    if attempt is None or not attempt.live:
        return "cancelled"
    waits_for_scan = payment.status is PaymentStatus.PENDING and attempt.qr_payload is not None
    return "scan" if waits_for_scan else "waiting"


def _reason(payment: Payment, language: Language) -> str:
    return language.gettext(payment.error_description) if payment.error_description else ""


def _scan(payment: Payment, attempt: Attempt | None, addresses: Addresses) -> Scan | None:
    if attempt is None or attempt.qr_payload is None:
        return None
    payload = attempt.qr_payload
    opens = payload if payload.startswith(("https://", "http://")) else None
    return Scan(
        picture_url=addresses.status_page(payment.token) + "/qr.svg",
        open_url=opens,
        expires_at=attempt.expires_at,
    )


def _may_try_again(payment: Payment, state: StatusState) -> bool:
    if state not in ("declined", "cancelled", "expired"):
        return False
    return payment.link_id is not None or payment.status is PaymentStatus.PENDING


def _again(payment: Payment, addresses: Addresses) -> str:
    if payment.link_id is None:
        return addresses.payment_page(payment.token)
    return addresses.link_page(payment.link_id)


def _back(payment: Payment, state: StatusState) -> str | None:
    """To the shop, where the merchant said so. A status never travels in an address."""
    good = state in ("charged", "waiting", "refunded")
    url = payment.return_url if good else payment.fail_url or payment.return_url
    return url.replace("{PAYMENT_ID}", quote(payment.id)) if url and state != "waiting" else None


def seconds_until(at: Instant | None, now: Instant) -> int:
    return max(1, ((at or now) - now + 999) // 1_000)
