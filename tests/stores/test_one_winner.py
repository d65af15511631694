"""One winner: however many press Pay on a one-time link, and however their money comes, exactly one
charge is kept and every other one goes back."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.kernel.errors import LinkNotPayable
from handbill.ledger import audit, book
from handbill.ledger.model import Chain
from handbill.links.model import Link
from handbill.payments import model, store
from handbill.payments.model import Payment, PaymentStatus
from handbill.payments.start import Started
from handbill.payments.store import Filter
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


async def test_exactly_one_charge_is_kept(shop: Shop) -> None:
    await _race(shop, 25)


@pytest.mark.slow
async def test_exactly_one_charge_is_kept_of_a_thousand_races(shop: Shop) -> None:
    await _race(shop, 1_000)


async def _race(shop: Shop, rounds: int) -> None:
    rng = Random(42)
    for _ in range(rounds):
        link = await shop.link(max_payments=1)
        payers = [f"payer {number}" for number in range(rng.randint(2, 10))]
        started = await _press_at_once(shop, link, payers)
        assert len(started) == 1
        if rng.random() < 0.7:  # the place runs out, and the acquirer does not know it yet
            shop.clock.advance(model.PLACE_LIFE + model.PLACE_GRACE)
            started += await _press_at_once(shop, link, payers[::-1])

        paying = rng.sample(started, rng.randint(1, len(started)))
        await asyncio.gather(*(shop.charged(one) for one in paying))

        payments = await _payments(shop, link)
        kept = [p for p in payments if p.status is PaymentStatus.CHARGED]
        returned = [p for p in payments if p.status is PaymentStatus.REFUNDED]
        assert (len(kept), len(kept) + len(returned)) == (1, len({p.payment.id for p in paying}))
        assert all(payment.surplus for payment in returned)
        assert (await shop.link_now(link)).payments_count == 1
    assert await shop.db.read(audit.verify) == []
    balances = await shop.db.read(lambda tx: book.balances(tx, Chain(shop.merchant.id, True)))
    assert {one.account: one.minor for one in balances} == {
        "acquirer:fake": 1_000 * rounds,
        "sales": -1_000 * rounds,
    }


async def _press_at_once(shop: Shop, link: Link, payers: list[str]) -> list[Started]:
    """Gives those who may go on; the others found the place taken."""
    found = await asyncio.gather(
        *(shop.pay(link, payer=name) for name in payers), return_exceptions=True
    )
    refused = [one for one in found if isinstance(one, BaseException)]
    assert all(isinstance(one, LinkNotPayable) and one.state == "taken" for one in refused)
    return [one for one in found if isinstance(one, Started)]


async def _payments(shop: Shop, link: Link) -> list[Payment]:
    narrow = Filter(link=link.id)
    page = await shop.db.read(lambda tx: store.list_page(tx, shop.tenant, narrow, None, 100))
    return list(page.items)
