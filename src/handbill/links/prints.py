"""What was printed last of each code, and whether the price on that paper is still asked.

Table `prints`: a row for each code, of a link or of a placement. A print writes it; no payment ever
does, and what is on paper decides about no payment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.kernel.money import Money
from handbill.links.model import AmountType, Link
from handbill.merchants import service as merchants
from handbill.merchants.fees import derive
from handbill.merchants.model import Merchant


class Print(msgspec.Struct, frozen=True):
    """`base_url` is the public address that the code holds. No amount: no price was on the
    paper. `link_id` is where the code led then; a placement may lead elsewhere since."""

    code: str
    link_id: str
    base_url: str
    template: str
    amount_minor: int | None
    currency: str | None
    printed_at: Instant

    @property
    def price(self) -> Money | None:
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)


class PrintedHost(msgspec.Struct, frozen=True):
    """How many codes were printed last under a public address."""

    base_url: str
    codes: int


_NAMES = Print.__struct_fields__
_COLUMNS = ", ".join(_NAMES)
_UPSERT = (
    f"INSERT INTO prints ({_COLUMNS}) VALUES ({', '.join(':' + name for name in _NAMES)})"
    " ON CONFLICT (code) DO UPDATE SET "
    + ", ".join(f"{name} = :{name}" for name in _NAMES if name != "code")
)


def price_of(link: Link, merchant: Merchant) -> Money | None:
    """What paper says and a payer pays, the payer's fee included; None where they type it."""
    return with_fee(link.amount, merchant) if link.amount_type is AmountType.FIXED else None


def with_fee(amount: Money, merchant: Merchant) -> Money:
    return Money(derive(merchant.fee_rule, amount).with_fee, amount.currency)


def is_stale(printed: Print, price: Money | None) -> bool:
    """Whether paper says another price than `price`, which is asked now. Paper without one never
    does."""
    return printed.price is not None and printed.price != price


def note(tx: Tx, prints: Sequence[Print]) -> None:
    """In place of what was noted of the same codes before."""
    for one in prints:
        tx.later(_UPSERT, **msgspec.structs.asdict(one))


def of_codes(tx: Tx, codes: Iterable[str]) -> dict[str, Print]:
    """The last print of each, by code. What was never printed is not in it."""
    wanted = sorted(set(codes))
    if not wanted:
        return {}
    text = f"SELECT {_COLUMNS} FROM prints WHERE code IN :codes"
    return {one.code: one for one in tx.all(Print, text, codes=wanted)}


def of_links(tx: Tx, link_ids: Iterable[str]) -> dict[str, Print]:
    """The last print of each link's own code, by link."""
    wanted = sorted(set(link_ids))
    if not wanted:
        return {}
    columns = ", ".join("l.id AS link_id" if n == "link_id" else f"p.{n}" for n in _NAMES)
    text = f"SELECT {columns} FROM links l JOIN prints p ON p.code = l.code WHERE l.id IN :ids"
    return {one.link_id: one for one in tx.all(Print, text, ids=wanted)}


def stale_price(tx: Tx, code: str, link: Link) -> Money | None:
    """The price on the paper with this code, where `link`, to which it leads, asks another."""
    printed = of_codes(tx, [code]).get(code)
    if printed is None or printed.price is None:
        return None
    price = price_of(link, merchants.get(tx, link.merchant_id))
    return printed.price if is_stale(printed, price) else None


def count_stale(tx: Tx, link_id: str, price: Money | None) -> int:
    """How many codes, the link's own and those of all its placements, are on paper with another
    price than `price`, which is asked now."""
    another, asked = "", dict[str, Any]()
    if price is not None:
        another = " AND (p.amount_minor <> :minor OR p.currency <> :currency)"
        asked.update(minor=price.minor, currency=price.currency)
    count: int = tx.value(
        "SELECT COUNT(*) FROM (SELECT code FROM links WHERE id = :link_id UNION ALL"
        " SELECT code FROM placements WHERE link_id = :link_id AND removed_at IS NULL) led"
        " JOIN prints p ON p.code = led.code"
        f" WHERE p.amount_minor IS NOT NULL AND p.currency IS NOT NULL{another}",
        link_id=link_id,
        **asked,
    )
    return count


def hosts(tx: Tx) -> list[PrintedHost]:
    """Every public address under which codes were printed that are still to lead somewhere, the
    one with the most codes first."""
    return tx.all(
        PrintedHost,
        "SELECT p.base_url, COUNT(*) AS codes FROM prints p JOIN links l ON l.id = p.link_id"
        " WHERE l.deleted_at IS NULL GROUP BY p.base_url ORDER BY codes DESC, p.base_url",
    )
