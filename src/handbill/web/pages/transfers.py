"""What a payer needs for a bank transfer: the code for their bank, and each value by itself. Pure.

All of it is read from the payload that this payer was given: the merchant may have changed banks
since.
"""

from __future__ import annotations

from handbill.kernel.addresses import Addresses
from handbill.kernel.money import Money
from handbill.payments.model import Attempt, Payment
from handbill.providers import requisites
from handbill.web.pages.language import Language
from handbill.web.pages.views import Requisite, Transfer
from handbill.web.pages.words import REQUISITES


def view_of(
    payment: Payment, attempt: Attempt, addresses: Addresses, language: Language, *, is_taken: bool
) -> Transfer:
    """`is_taken`: somebody else has paid for the same meanwhile."""
    said = dict(requisites.shown(attempt.qr_payload or ""))
    # As it is typed in the language of the page; the code holds it in its own form.
    said["amount"] = language.plain_number(attempt.amount)
    page = addresses.status_page(payment.token)
    return Transfer(
        picture_url=page + "/qr.svg",
        file_url=page + "/qr.png",
        reference=attempt.reference or "",
        requisites=tuple(
            Requisite(_label(name, attempt.amount, language), text) for name, text in said.items()
        ),
        until=attempt.expires_at,
        is_taken=is_taken,
    )


def _label(name: str, amount: Money, language: Language) -> str:
    return language.gettext(REQUISITES[name]) % {"currency": amount.currency}
