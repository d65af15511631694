"""Races: many press Pay at the same moment, and exactly as many as there are places get one."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.infra.database import open_database
from handbill.kernel.errors import LinkNotPayable
from handbill.kernel.ids import new_id
from handbill.links.model import Link
from handbill.payments.start import Started
from tests.support.books import judge_books
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

ROUNDS = 100


async def test_of_payers_at_once_on_a_one_time_link_one_reaches_the_acquirer(shop: Shop) -> None:
    rng = Random(1)
    for _ in range(ROUNDS):
        link = await shop.link(max_payments=1)
        shop.acquirer.charges.clear()

        started = await _all_pay([shop] * rng.randint(2, 5), link)

        assert [charge.attempt_id for charge in shop.acquirer.charges] == [
            one.attempt.id for one in started
        ]
        assert len(started) == 1


async def test_two_processes_give_the_last_place_once(shop: Shop, database_url: str) -> None:
    """Each with a writer of its own: what keeps them apart is the database."""
    database = open_database(database_url, shop.clock)
    other = Shop(database, shop.clock, shop.merchant)
    try:
        for number in range(30):
            link = await shop.link(max_payments=1)
            shops = [shop, other, shop, other] if number % 2 else [other, shop, other, shop]
            assert len(await _all_pay(shops, link)) == 1
        asked = len(shop.acquirer.charges) + len(other.acquirer.charges)
        assert asked == 30
    finally:
        database.close()


async def test_of_twelve_payers_three_get_three_places(shop: Shop) -> None:
    for _ in range(20):
        link = await shop.link(max_payments=3)
        shop.acquirer.charges.clear()

        started = await _all_pay([shop] * 12, link)

        assert len(started) == len(shop.acquirer.charges) == 3


async def test_nobody_slips_in_while_a_payer_switches(shop: Shop) -> None:
    async def keep_pressing(link: Link) -> None:
        for _ in range(10):
            with pytest.raises(LinkNotPayable):
                await shop.pay(link, payer="boris")

    for _ in range(10):
        link = await shop.link(max_payments=1)
        await shop.pay(link, payer="anna", method="card")

        switched, _ = await asyncio.gather(
            shop.pay(link, payer="anna", method="sbp"), keep_pressing(link)
        )

        assert switched.attempt.method == "sbp"


async def test_the_last_charges_close_the_link_once(shop: Shop) -> None:
    for _ in range(20):
        link = await shop.link(max_payments=2)
        payers = await asyncio.gather(*(shop.pay(link, payer=name) for name in ("anna", "boris")))

        await asyncio.gather(*(shop.charged(started) for started in payers))

        assert (await shop.link_now(link)).payments_count == 2
        closed = [e for e in await shop.events(link.id) if e.type == "link.closed"]
        assert len(closed) == 1
    [head] = (await judge_books(shop.db)).values()
    assert head.sequence == 40


async def test_of_clicks_of_one_payer_one_reaches_the_acquirer(shop: Shop) -> None:
    for _ in range(20):
        link = await shop.link()
        shop.acquirer.charges.clear()
        clicks = [new_id(shop.clock.now()) for _ in range(4)]

        started = await asyncio.gather(*(shop.pay(link, attempt_id=click) for click in clicks))

        assert len({one.attempt.id for one in started}) == 1
        assert len(shop.acquirer.charges) == 1


async def _all_pay(shops: list[Shop], link: Link) -> list[Started]:
    """Everybody presses at once. Gives those who may go on; the others found the place taken."""
    found = await asyncio.gather(
        *(shop.pay(link, payer=f"payer {number}") for number, shop in enumerate(shops)),
        return_exceptions=True,
    )
    refused = [one for one in found if isinstance(one, BaseException)]
    assert all(isinstance(one, LinkNotPayable) and one.state == "taken" for one in refused)
    return [one for one in found if isinstance(one, Started)]
