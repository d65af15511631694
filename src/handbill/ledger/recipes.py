"""Which postings a fact makes. Pure: amounts in, a balanced draft out.

Accounts of a merchant (debits of assets and expenses are what it has and spends):
- `acquirer:<name>`   asset: what the acquirer holds for the merchant and will pay out
- `sales`             income: what was asked for goods
- `surcharge`         income: what payers paid on top
- `fees`              expense: what the tariff takes, of the merchant and of the payer's fee
"""

from __future__ import annotations

import msgspec

from handbill.kernel.money import Money
from handbill.ledger.model import Draft, Posting, Side

SALES = "sales"
SURCHARGE = "surcharge"
FEES = "fees"


class Charge(msgspec.Struct, frozen=True):
    """The three amounts of a charge (minor units of one currency), and where the money lies."""

    merchant_id: int
    test: bool
    attempt_id: str
    provider: str
    amount: int
    with_fee: int
    dest: int
    currency: str


def charged(charge: Charge) -> Draft:
    """The payer paid `with_fee`; the merchant gets `dest`; the rest is the tariff's."""
    return _draft(
        charge,
        "charge",
        ("debit", f"acquirer:{charge.provider}", charge.dest),
        ("debit", FEES, charge.with_fee - charge.dest),
        ("credit", SALES, charge.amount),
        ("credit", SURCHARGE, charge.with_fee - charge.amount),
    )


def surplus(charge: Charge) -> Draft:
    """Money that came for what was paid already: the acquirer holds it, and it is owed back."""
    return _draft(
        charge,
        "surplus",
        ("debit", f"acquirer:{charge.provider}", charge.with_fee),
        ("credit", "owed:surplus", charge.with_fee),
    )


def _draft(charge: Charge, reason: str, *lines: tuple[str, str, int]) -> Draft:
    return Draft(
        merchant_id=charge.merchant_id,
        test=charge.test,
        reason=reason,
        reference=charge.attempt_id,
        postings=tuple(
            Posting(account, Side(side), Money(minor, charge.currency))
            for side, account, minor in lines
            if minor
        ),
    )
