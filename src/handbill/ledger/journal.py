"""The books as a journal of hledger, which anybody can judge with a program that is not ours."""

from __future__ import annotations

from collections.abc import Iterator

from handbill.infra.database import Tx
from handbill.kernel.clock import iso
from handbill.kernel.money import Money
from handbill.ledger import book
from handbill.ledger.accounts import Kind, kind_of
from handbill.ledger.book import Head
from handbill.ledger.model import Chain, Entry, Side

_TOPS = {
    Kind.ASSET: "assets",
    Kind.INCOME: "revenues",
    Kind.EXPENSE: "expenses",
    Kind.LIABILITY: "liabilities",
}
"""What hledger calls the kinds."""


def write(tx: Tx) -> Iterator[str]:
    """Line by line: every chain with its entries, its balances as assertions, and its head."""
    yield "; Handbill: the books. Judge them with: hledger check --strict -f FILE"
    chains = book.chains(tx)
    yield from _declarations(tx, chains)
    for chain in chains:
        after = 0
        while page := book.entries(tx, chain, after):
            for entry in page:
                yield from _entry(entry)
            after = page[-1].sequence
        yield from _assertions(tx, chain)


def account_name(chain: Chain, account: str) -> str:
    """`assets:merchant 1:test:acquirer:sandbox`."""
    top = _TOPS[kind_of(account)]
    return f"{top}:merchant {chain.merchant_id}:{'test' if chain.test else 'live'}:{account}"


def _declarations(tx: Tx, chains: list[Chain]) -> Iterator[str]:
    names, currencies = set(), set()
    for chain in chains:
        for balance in book.balances(tx, chain):
            names.add(account_name(chain, balance.account))
            currencies.add(balance.currency)
    for currency in sorted(currencies):
        yield f"commodity {_amount(1_000_000_000, currency)}"
    for name in sorted(names):
        yield f"account {name}"


def _entry(entry: Entry) -> Iterator[str]:
    chain = Chain(entry.merchant_id, entry.test)
    yield ""
    yield f"{iso(entry.posted_at)[:10]} * ({entry.sequence}) {entry.reason} {entry.reference}"
    yield f"    ; hash:{entry.hash}"
    for posting in entry.postings:
        sign = 1 if posting.side is Side.DEBIT else -1
        amount = _amount(sign * posting.amount.minor, posting.amount.currency)
        yield f"    {account_name(chain, posting.account)}  {amount}"


def _assertions(tx: Tx, chain: Chain) -> Iterator[str]:
    head: Head = book.head(tx, chain.merchant_id, chain.test)
    last = book.entries(tx, chain, head.sequence - 1)
    if not last:
        return
    yield ""
    yield f"{iso(last[-1].posted_at)[:10]} * balances as the API gives them"
    for balance in book.balances(tx, chain):
        name = account_name(chain, balance.account)
        nothing, sum_ = _amount(0, balance.currency), _amount(balance.minor, balance.currency)
        yield f"    {name}  {nothing} = {sum_}"
    mode = "test" if chain.test else "live"
    yield f"; head: merchant {chain.merchant_id} {mode} {head.sequence} {head.hash}"


def _amount(minor: int, currency: str) -> str:
    return f"{Money(minor, currency).decimal():f} {currency}"
