"""Confluence: in whatever order news of a payment comes, doubled or in part, it ends in the same
state and in the same books."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TypeVar

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel.money import Money
from handbill.ledger import audit, book
from handbill.ledger.model import Chain
from handbill.links.model import CaptureMode, Link, PayConfig
from handbill.payments import opening, refund_store, refunding, service, store
from handbill.payments.model import PaymentStatus
from handbill.payments.order import Order
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
    RefundFailed,
    RefundOutcome,
    RefundPending,
    RefundSucceeded,
)
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

News = TypeVar("News", Outcome, RefundOutcome)
AMOUNT = Money(1_000, "RUB")
BATCH = 25

PAGE = ActionRequired("a", redirect_url="https://bank.example")
PAID = Charged("a", AMOUNT)
AGAIN = Charged("b", AMOUNT)


class Story(msgspec.Struct, frozen=True):
    """What happens at the acquirer, in order. `news` are told in any order, some of them more than
    once; all but those in `may_miss` are told. Then the payment is refunded, where `refund` says
    how that goes, and its news are told in any order too."""

    name: str
    news: tuple[Outcome, ...]
    may_miss: tuple[Outcome, ...] = ()
    refund: tuple[RefundOutcome, ...] = ()
    capture: bool = True


GONE, BACK = RefundSucceeded("r", AMOUNT), RefundFailed("r", "card_closed")
STORIES = (
    Story("approve", (PAGE, Pending("a"), PAID), (PAGE, Pending("a"))),
    Story("decline", (PAGE, Declined("a", "card_declined")), (PAGE,)),
    Story("expire", (PAGE, Cancelled("a", expired=True)), (PAGE,)),
    Story("two_stages", (PAGE, Authorized("a", AMOUNT), PAID), (PAGE,), capture=False),
    Story("late_after_expiry", (PAGE, Cancelled("a", expired=True), PAID), (PAGE,)),
    Story("late_after_decline", (PAGE, Declined("a", "card_declined"), PAID), (PAGE,)),
    Story("double_pay", (PAGE, PAID, AGAIN, msgspec.structs.replace(PAID, also=(AGAIN,)))),
    Story("wrong_amount", (PAGE, Pending("a"), Charged("a", Money(999, "RUB"))), (Pending("a"),)),
    Story("refunded", (PAGE, PAID), (PAGE,), (RefundPending("r"), GONE)),
    Story("refund_fails", (PAGE, PAID), (PAGE,), (RefundPending("r"), BACK)),
    Story("refund_comes_back", (PAGE, PAID), (PAGE,), (RefundPending("r"), GONE, BACK)),
)


class Shape(msgspec.Struct, frozen=True):
    """Everything about a payment but names and times. Not whether it was late: that is the order
    itself."""

    status: PaymentStatus
    surplus: bool
    refunded_minor: int
    attempts: list[tuple[str, str]]
    refunds: list[tuple[str, str, int]]
    balances: tuple[tuple[str, int], ...]


async def test_news_in_any_order_ends_alike(shop: Shop) -> None:
    await _tell_in_all_orders(shop, 150)


@pytest.mark.slow
async def test_news_in_ten_thousand_orders_ends_alike(shop: Shop) -> None:
    await _tell_in_all_orders(shop, 10_000)


async def _tell_in_all_orders(shop: Shop, rounds: int) -> None:
    rng = Random(20_260_301)
    links = {
        True: await shop.link(),
        False: await shop.link(pay_config=PayConfig(capture=CaptureMode.MANUAL)),
    }
    shapes: dict[str, Shape] = {}
    for story in STORIES:
        shapes[story.name] = (await _tell(shop, [story], links, None))[0]
    once = {name: Counter(dict(shape.balances)) for name, shape in shapes.items()}
    total = Counter[str]()
    for balances in once.values():
        total.update(balances)
    for _ in range(rounds // BATCH):
        told = rng.choices(STORIES, k=BATCH)
        for story, shape in zip(told, await _tell(shop, told, links, rng), strict=True):
            assert shape == shapes[story.name], story.name
            total.update(once[story.name])
    assert await shop.db.read(audit.verify) == []
    found = await shop.db.read(lambda tx: book.balances(tx, Chain(shop.merchant.id, True)))
    assert {one.account: one.minor for one in found} == dict(total)


async def _tell(
    shop: Shop, stories: list[Story], links: dict[bool, Link], rng: Random | None
) -> list[Shape]:
    return await shop.write(
        lambda tx: [_live_through(tx, story, links[story.capture], rng) for story in stories]
    )


def _live_through(tx: Tx, story: Story, link: Link, rng: Random | None) -> Shape:
    """A payment of its own for the story; gives everything about it but names and times."""
    attempt = opening.open_attempt(tx, Order(link_id=link.id, method="card")).attempt
    mine = {"a": f"a-{attempt.id}", "b": f"b-{attempt.id}"}
    for news in _mixed(story.news, story.may_miss, rng):
        service.apply(tx, attempt.id, _renamed(news, mine))
    payment = store.get(tx, attempt.payment_id)
    if story.refund:
        refund = refunding.open_refund(tx, payment, None, None)
        for told in _mixed(story.refund, story.refund[:1], rng):
            named = msgspec.structs.replace(told, reference=f"r-{refund.id}")
            refunding.apply(tx, refund.id, named)
    return _shape(tx, attempt.payment_id)


def _mixed(news: tuple[News, ...], may_miss: tuple[News, ...], rng: Random | None) -> list[News]:
    if rng is None:
        return list(news)
    told = [one for one in news if one not in may_miss or rng.random() < 0.7]
    told += rng.choices(told, k=rng.randint(0, 4))
    rng.shuffle(told)
    return told


def _renamed(news: Outcome, mine: dict[str, str]) -> Outcome:
    named = msgspec.structs.replace(news, reference=mine[news.reference])
    if isinstance(named, Charged):
        also = tuple(msgspec.structs.replace(o, reference=mine[o.reference]) for o in named.also)
        return msgspec.structs.replace(named, also=also)
    return named


def _shape(tx: Tx, payment_id: str) -> Shape:
    payment = store.get(tx, payment_id)
    attempts = store.attempts_of(tx, payment_id)
    refunds = refund_store.of_payment(tx, payment_id)
    return Shape(
        status=payment.status,
        surplus=payment.surplus,
        refunded_minor=payment.refunded_minor,
        attempts=sorted((str(a.status), str(a.standing)) for a in attempts),
        refunds=sorted((str(r.status), str(r.standing), r.amount_minor) for r in refunds),
        balances=_balances(tx, [a.id for a in attempts] + [r.id for r in refunds]),
    )


class _Sum(msgspec.Struct, frozen=True):
    account: str
    minor: int


def _balances(tx: Tx, facts: list[str]) -> tuple[tuple[str, int], ...]:
    """What the books say of these attempts and refunds, without what is nought."""
    sums = tx.all(
        _Sum,
        "SELECT p.account, CAST(SUM(CASE p.side WHEN 'debit' THEN p.amount_minor"
        " ELSE -p.amount_minor END) AS BIGINT) AS minor FROM ledger_postings p"
        " JOIN ledger_entries e ON e.id = p.entry_id WHERE e.reference IN :facts"
        " GROUP BY p.account ORDER BY p.account",
        facts=facts,
    )
    return tuple((one.account, one.minor) for one in sums if one.minor)
