"""What an account is, told by the first word of its name: `acquirer:sandbox` is an asset.

A new account is entered here first: nothing can be posted under a name that says nothing, so that
whoever sums up the books knows every account there is.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """`asset` and `expense` grow by debits, `income` and `liability` by credits."""

    ASSET = "asset"
    INCOME = "income"
    EXPENSE = "expense"
    LIABILITY = "liability"

    @property
    def grows_by_debits(self) -> bool:
        return self in (Kind.ASSET, Kind.EXPENSE)


_KINDS = {
    "acquirer": Kind.ASSET,
    "sales": Kind.INCOME,
    "surcharge": Kind.INCOME,
    "fees": Kind.EXPENSE,
    "provider_fee": Kind.EXPENSE,
    "owed": Kind.LIABILITY,
}


def kind_of(account: str) -> Kind:
    """Raises ValueError for a name that is not entered."""
    kind = _KINDS.get(account.partition(":")[0])
    if kind is None:
        raise ValueError(f"no kind of account is called {account}")
    return kind
