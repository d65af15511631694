"""The figures of the guard against card testing: what an attack gets through to the acquirer, and
that payers who pay never notice."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from handbill.infra.database import Database
from handbill.kernel.clock import MINUTE, SECOND, ManualClock
from handbill.kernel.errors import Blocked, Challenged
from handbill.links.model import Link
from handbill.payments.start import Started
from handbill.providers.contract import Declined
from tests.support.shop import Shop, open_shop

pytestmark = pytest.mark.anyio

NETWORKS = 50
ATTACK = 10 * MINUTE
THROUGH_MAX = 300
REFUSED = Declined("", "card_declined", "No.")
SEED = 20_260_301


@pytest.fixture
async def shop(db: Database, clock: ManualClock) -> Shop:
    return await open_shop(db, clock)


async def press(shop: Shop, link: Link, network: str, *, solves: bool) -> Started | None:
    """Pay, and where work is asked for, once more with it. None: nothing has begun."""
    try:
        return await shop.pay(link, None, network=network)
    except Blocked:
        return None
    except Challenged as asked:
        if not solves:
            return None
        return await shop.pay(link, None, network=network, effort=asked.bits)


async def attack(shop: Shop, tries: int, networks: int, links: int, *, solves: bool) -> int:
    """Card after card within ten minutes, from networks and on links in turn; each is refused.
    Gives how many came through to the acquirer."""
    made = [await shop.link() for _ in range(links)]
    for n in range(tries):
        started = await press(shop, made[n % links], f"network {n % networks}", solves=solves)
        if started is not None:
            await shop.hears(started, REFUSED)
        shop.clock.advance(ATTACK // tries)
    return len(shop.acquirer.charges)


async def sell(shop: Shop, payments: int, networks: int) -> int:
    """Honest payers, one every five seconds. A tenth of the tries is refused, and who is refused
    tries again. Gives the number of tries; raises where one of them is challenged."""
    link, random, tries = await shop.link(), Random(SEED), 0
    for n in range(payments):
        refused = True
        while refused:
            started = await shop.pay(link, None, network=f"cafe {n % networks}")
            refused, tries = random.random() < 0.1, tries + 1
            if refused:
                await shop.hears(started, REFUSED)
            else:
                await shop.charged(started)
        shop.clock.advance(5 * SECOND)
    return tries


async def test_a_small_attack_gets_five_tries_through_for_each_network(shop: Shop) -> None:
    assert await attack(shop, 60, networks=3, links=3, solves=False) == 15


async def test_a_few_honest_payers_are_never_asked_for_work(shop: Shop) -> None:
    assert await sell(shop, 30, networks=2) > 30


async def test_tries_begun_before_the_first_is_refused_are_twenty_for_each_network(
    shop: Shop,
) -> None:
    link = await shop.link()
    names = [f"network {n}" for n in range(3)]
    pressed = await asyncio.gather(
        *(press(shop, link, name, solves=False) for _ in range(40) for name in names)
    )
    begun = [started for started in pressed if started is not None]
    assert len(begun) == len(shop.acquirer.charges) == 60

    await shop.hears(begun[0], REFUSED)
    assert await press(shop, link, names[0], solves=False) is None


@pytest.mark.slow
@pytest.mark.parametrize("solves", [False, True], ids=["without-work", "with-work"])
@pytest.mark.parametrize("links", [1, 50], ids=["one-link", "many-links"])
async def test_of_ten_thousand_tries_from_fifty_networks_few_come_through(
    shop: Shop, links: int, solves: bool
) -> None:
    through = await attack(shop, 10_000, NETWORKS, links, solves=solves)
    print(f"{through} of 10,000 came through")
    assert through <= THROUGH_MAX


@pytest.mark.slow
async def test_a_thousand_honest_payments_meet_no_challenge(shop: Shop) -> None:
    print(f"{await sell(shop, 1_000, networks=20)} tries for 1,000 payments, no challenge")
