"""The three amounts of a payment, derived by one pure function from the merchant's rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from handbill.kernel.money import AMOUNT_MAX, Money

BASIS_POINTS = 10_000

BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=BASIS_POINTS)]
FixedMinor = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_MAX)]


class Fee(msgspec.Struct, frozen=True):
    """A share in basis points plus a fixed part in minor units of each currency named."""

    basis_points: BasisPoints = 0
    fixed: Mapping[str, FixedMinor] = msgspec.field(default_factory=dict)

    def of(self, amount: Money) -> int:
        """Minor units, rounded half up."""
        share = (amount.minor * self.basis_points + BASIS_POINTS // 2) // BASIS_POINTS
        return share + self.fixed.get(amount.currency, 0)


class FeeRule(msgspec.Struct, frozen=True):
    """Zero by default. A payer's fee is restricted in the EU, in Russia and by card schemes."""

    payer: Fee = Fee()
    merchant: Fee = Fee()


class Amounts(msgspec.Struct, frozen=True):
    """`amount`: what the merchant asked. `with_fee`: what the payer pays. `dest`: what the merchant
    gets. Minor units of one currency."""

    amount: int
    with_fee: int
    dest: int


def derive(rule: FeeRule, amount: Money) -> Amounts:
    """A merchant's fee never takes more than the amount."""
    return Amounts(
        amount=amount.minor,
        with_fee=amount.minor + rule.payer.of(amount),
        dest=amount.minor - min(rule.merchant.of(amount), amount.minor),
    )
