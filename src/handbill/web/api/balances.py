"""What the books of a merchant say, in its own words, and the head of their chain to be noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from handbill.infra.database import Tx
from handbill.ledger import book
from handbill.ledger.accounts import Kind, kind_of
from handbill.ledger.book import Head
from handbill.ledger.model import Balance, Chain
from handbill.merchants.model import Scope
from handbill.web.api.values import Currency
from handbill.web.calls import Call
from handbill.web.operations import Operation

TAG = "Books"

Account = Annotated[str, Meta(description="Such as `acquirer:sandbox` or `sales`.")]
Sum = Annotated[int, Meta(description="In minor units of the currency.")]


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Positive where the account stands on the side that it grows on."""

    account: Account
    kind: Kind
    amount: Sum


class CurrencyBalance(msgspec.Struct, frozen=True, kw_only=True):
    """`held` and `expenses` together are `income` and `owed` together: the books balance."""

    currency: Currency
    held: Annotated[int, Meta(description="What acquirers have for you and will pay out.")]
    income: Annotated[int, Meta(description="Sales and what payers paid on top, less refunds.")]
    expenses: Annotated[int, Meta(description="Fees.")]
    owed: Annotated[int, Meta(description="What came and is not yours: it goes back to payers.")]
    accounts: list[AccountBalance]


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    """The last entry. Whoever notes it can tell later whether the books before it have changed."""

    sequence: Annotated[int, Meta(description="0 where there is no entry yet.")]
    hash: str


class BooksBalance(msgspec.Struct, frozen=True, kw_only=True):
    """All that was posted up to `head`."""

    partner_id: int
    test: bool
    balances: list[CurrencyBalance]
    head: ChainHead


def show_balances(
    balances: Sequence[Balance], currency: str | None = None
) -> list[CurrencyBalance]:
    """Of all currencies that the books know, or of one."""
    found = {one.currency for one in balances} if currency is None else {currency}
    return [_of_currency(code, balances) for code in sorted(found)]


def _of_currency(currency: str, balances: Sequence[Balance]) -> CurrencyBalance:
    accounts = [_account(one) for one in balances if one.currency == currency]
    sums = dict.fromkeys(Kind, 0)
    for one in accounts:
        sums[one.kind] += one.amount
    return CurrencyBalance(
        currency=currency,
        held=sums[Kind.ASSET],
        income=sums[Kind.INCOME],
        expenses=sums[Kind.EXPENSE],
        owed=sums[Kind.LIABILITY],
        accounts=accounts,
    )


def _account(one: Balance) -> AccountBalance:
    kind = kind_of(one.account)
    amount = one.minor if kind.grows_by_debits else -one.minor
    return AccountBalance(account=one.account, kind=kind, amount=amount)


async def get_balance(call: Call) -> BooksBalance:
    tenant = call.tenant
    chain = Chain(tenant.merchant_id, tenant.test)

    def look(tx: Tx) -> tuple[Head, list[Balance]]:
        head = book.head(tx, chain.merchant_id, chain.test)
        return head, book.balances(tx, chain, through=head.sequence)

    head, balances = await call.deps.db.read(look)
    return BooksBalance(
        partner_id=tenant.merchant_id,
        test=tenant.test,
        balances=show_balances(balances),
        head=ChainHead(sequence=head.sequence, hash=head.hash),
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="getBalance",
        method="GET",
        path="/api/v1/balance",
        tag=TAG,
        scope=Scope.PAYMENTS,
        summary="Read the balance of the books",
        description="By currency: what acquirers hold for you, what came in, what it cost, what is"
        " owed back. Keep `head` somewhere else now and then: with it `handbill books verify` finds"
        " every later change of what was posted before.",
        handler=get_balance,
        answer=BooksBalance,
    ),
)
