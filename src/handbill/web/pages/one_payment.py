"""All that the pages of a payment show, read in one snapshot."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.links import placement_store
from handbill.links import service as links
from handbill.merchants import service as merchants
from handbill.merchants.model import Account, Merchant
from handbill.payments import attempts, letters, model, service
from handbill.payments.service import PaymentWithAttempt


class Glance(msgspec.Struct, frozen=True):
    """What an open page compares. `is_taken`: the link is paid as often as it may be."""

    found: PaymentWithAttempt
    is_taken: bool


class Read(msgspec.Struct, frozen=True):
    """`letter`: the last one with a receipt; `code`: of the placement where the payer came by."""

    found: PaymentWithAttempt
    merchant: Merchant
    offered: tuple[tuple[str, Account], ...]
    letter: letters.ReceiptLetter | None
    is_taken: bool
    code: str | None


def glance(tx: Tx, token: str) -> Glance:
    """Raises NotFound."""
    found = service.by_token(tx, token)
    link_id = found.payment.link_id
    return Glance(found, link_id is not None and links.is_paid_up(tx, link_id))


def read(tx: Tx, token: str) -> Read:
    """Raises NotFound."""
    seen = glance(tx, token)
    payment = seen.found.payment
    offered = tuple(attempts.offered(tx, payment).items())
    letter = letters.latest(tx, payment.id) if payment.status in model.PAID else None
    merchant = merchants.get(tx, payment.merchant_id)
    placement_id = payment.placement_id
    code = placement_store.code_of(tx, placement_id) if placement_id is not None else None
    return Read(seen.found, merchant, offered, letter, seen.is_taken, code)
