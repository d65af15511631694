"""Table `traffic`: how often the page of a link was opened, and a payment there begun and paid, by
the code that led to it and by day.

Sums alone: nothing says who came, so nothing here is anybody's to be forgotten. Rows are written
under their merchant's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import DAY, Instant

DAYS_MAX = 400


class Traffic(msgspec.Struct, frozen=True):
    """`opens`: how often the page was shown to somebody, as far as their browser told. `starts`:
    payments that began. `paid`: those of them for which money came, whatever became of it."""

    opens: int = 0
    starts: int = 0
    paid: int = 0


class Way(msgspec.Struct, frozen=True):
    """A code by which people came to a link on a day."""

    link_id: str
    code: str
    day: int


class _OfCode(Traffic, frozen=True, kw_only=True):
    code: str


class _OfDay(Traffic, frozen=True, kw_only=True):
    day: int


_SUMS = "SUM(opens) AS opens, SUM(starts) AS starts, SUM(paid) AS paid"
_COUNT = (
    "INSERT INTO traffic (link_id, code, day, opens, starts, paid)"
    " VALUES (:link_id, {code}, :day, :opens, :starts, :paid)"
    " ON CONFLICT (link_id, code, day) DO UPDATE SET opens = traffic.opens + excluded.opens,"
    " starts = traffic.starts + excluded.starts, paid = traffic.paid + excluded.paid"
)
_COUNT_OPENS = _COUNT.format(code=":code")
# The code as it is found, so that counting a payment costs no way to the database and back.
_COUNT_PAYMENT = _COUNT.format(
    code="COALESCE((SELECT code FROM placements WHERE id = :placement_id),"
    " (SELECT code FROM links WHERE id = :link_id))"
)


def day_of(at: Instant) -> int:
    """Days since 1970, in UTC."""
    return at // DAY


def totals(tx: Tx, link_id: str, codes: Iterable[str]) -> dict[str, Traffic]:
    """Of each of `codes`, at this link and over all days."""
    wanted = dict.fromkeys(codes, Traffic())
    rows = tx.all(
        _OfCode,
        f"SELECT code, {_SUMS} FROM traffic WHERE link_id = :link_id AND code IN :codes"
        " GROUP BY code",
        link_id=link_id,
        codes=list(wanted),
    )
    return wanted | {row.code: _plain(row) for row in rows}


def by_day(
    tx: Tx, link_id: str, first: int, last: int, codes: Sequence[str] | None = None
) -> dict[int, Traffic]:
    """Of `codes` together (None: of all by which people ever came to the link), from the day
    `first` to the day `last`. Days on which nothing happened are not there; of a time longer than
    DAYS_MAX, the latest are."""
    narrow = "" if codes is None else " AND code IN :codes"
    params = {} if codes is None else {"codes": list(codes)}
    rows = tx.all(
        _OfDay,
        f"SELECT day, {_SUMS} FROM traffic WHERE link_id = :link_id{narrow}"
        " AND day BETWEEN :first AND :last GROUP BY day ORDER BY day DESC LIMIT :limit",
        link_id=link_id,
        first=first,
        last=last,
        limit=DAYS_MAX,
        **params,
    )
    return {row.day: _plain(row) for row in reversed(rows)}


def add_opens(tx: Tx, opens: Mapping[Way, int]) -> None:
    """Of links of one merchant."""
    for one, count in opens.items():
        params = msgspec.structs.asdict(one)
        tx.later(_COUNT_OPENS, opens=count, starts=0, paid=0, **params)


def count_start(tx: Tx, link_id: str, placement_id: str | None) -> None:
    """A payment was made, in the same transaction. `placement_id`: where its payer came by."""
    _count_payment(tx, link_id, placement_id, starts=1)


def count_paid(tx: Tx, link_id: str, placement_id: str | None) -> None:
    """A payment was charged, in the same transaction."""
    _count_payment(tx, link_id, placement_id, paid=1)


def _count_payment(
    tx: Tx, link_id: str, placement_id: str | None, *, starts: int = 0, paid: int = 0
) -> None:
    tx.later(
        _COUNT_PAYMENT,
        link_id=link_id,
        placement_id=placement_id,
        day=day_of(tx.now),
        opens=0,
        starts=starts,
        paid=paid,
    )


def _plain(row: Traffic) -> Traffic:
    return Traffic(row.opens, row.starts, row.paid)
