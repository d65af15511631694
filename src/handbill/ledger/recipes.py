"""Which postings a fact makes. Pure: amounts in, a balanced draft out.

Accounts of a merchant (debits of assets and expenses are what it has and spends):
- `acquirer:<name>`   asset: what the acquirer holds for the merchant and will pay out
- `sales`             income: what was asked for goods
- `surcharge`         income: what payers paid on top
- `fees`              expense: what the tariff takes, of the merchant and of the payer's fee
- `provider_fee`      expense: what the acquirer really kept, once it says so, in place of `fees`
- `owed:<standing>`   liability: what came and is not the merchant's: surplus, or in review
"""

from __future__ import annotations

import msgspec

from handbill.kernel.money import Money
from handbill.ledger.model import Draft, Posting, Side

SALES = "sales"
SURCHARGE = "surcharge"
FEES = "fees"
PROVIDER_FEE = "provider_fee"

Lines = tuple[tuple[str, str, int], ...]
"""(side, account, minor units) each; those of nothing are left out."""


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


class Return(msgspec.Struct, frozen=True):
    """Money that went back: `amount` of the price, `with_fee` in all (minor units). `standing` is
    that of the charge: `kept`, or what is owed back."""

    merchant_id: int
    test: bool
    refund_id: str
    provider: str
    standing: str
    amount: int
    with_fee: int
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


def surplus_kept(charge: Charge) -> Draft:
    """Surplus that the merchant keeps: a sale of its own."""
    return _draft(
        charge,
        "surplus_kept",
        ("debit", "owed:surplus", charge.with_fee),
        ("credit", SALES, charge.with_fee),
    )


def in_review(charge: Charge) -> Draft:
    """Money that does not fit what was asked: held for whoever it turns out to belong to."""
    return _draft(charge, "review", *_review_lines(charge))


def cleared(charge: Charge) -> Draft:
    """What was in review is a charge after all, which is posted beside this."""
    return _draft(charge, "review_cleared", *_turned(_review_lines(charge)))


def fee_settled(charge: Charge, fee: int) -> Draft | None:
    """What the acquirer really kept, in place of what the tariff said. None: neither took a fee."""
    tariff = charge.with_fee - charge.dest
    acquirer = f"acquirer:{charge.provider}"
    more = ("debit", acquirer, tariff - fee) if tariff > fee else ("credit", acquirer, fee - tariff)
    if not tariff and not fee:
        return None
    return _draft(charge, "fee", ("debit", PROVIDER_FEE, fee), ("credit", FEES, tariff), more)


def refunded(back: Return) -> Draft:
    """The acquirer pays it out of what it holds. The tariff's fees stay spent."""
    return _draft(back, "refund", *_lines_of(back))


def refund_undone(back: Return) -> Draft:
    """A refund that was booked came back from the payer's bank."""
    return _draft(back, "refund_undone", *_turned(_lines_of(back)))


def _review_lines(charge: Charge) -> Lines:
    return (
        ("debit", f"acquirer:{charge.provider}", charge.with_fee),
        ("credit", "owed:review", charge.with_fee),
    )


def _turned(lines: Lines) -> Lines:
    other = {"debit": "credit", "credit": "debit"}
    return tuple((other[side], account, minor) for side, account, minor in lines)


def _lines_of(back: Return) -> Lines:
    paid_out = ("credit", f"acquirer:{back.provider}", back.with_fee)
    if back.standing != "kept":
        return (("debit", f"owed:{back.standing}", back.with_fee), paid_out)
    fee = back.with_fee - back.amount
    return (("debit", SALES, back.amount), ("debit", SURCHARGE, fee), paid_out)


def _draft(fact: Charge | Return, reason: str, *lines: tuple[str, str, int]) -> Draft:
    reference = fact.attempt_id if isinstance(fact, Charge) else fact.refund_id
    return Draft(
        merchant_id=fact.merchant_id,
        test=fact.test,
        reason=reason,
        reference=reference,
        postings=tuple(
            Posting(account, Side(side), Money(minor, fact.currency))
            for side, account, minor in lines
            if minor
        ),
    )
