"""A payer asks for a new link: kept for the merchant, told as an event, three times an hour."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.database import Tx
from handbill.infra.sweeps import BEGINNING, Span
from handbill.kernel import ids
from handbill.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from handbill.kernel.errors import Conflict, NotFound, TooMany
from handbill.links import asks, service
from handbill.links.ask_store import Ask, Filter
from handbill.links.asks import ASKS_MAX
from handbill.links.model import GONE, Link, LinkStatus
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio


async def ask(shop: Shop, link: Link, lang: str = "en") -> Ask:
    return await shop.write(lambda tx: asks.ask(tx, link.id, lang))


async def expired(shop: Shop, clock: ManualClock) -> Link:
    link = await shop.link(expires_at=clock.now() + 1)
    clock.advance(2)
    return link


async def inbox(shop: Shop, narrow: Filter | None = None) -> list[Ask]:
    page = await shop.db.read(
        lambda tx: asks.list_page(tx, shop.tenant, narrow or Filter(), None, 100)
    )
    return list(page.items)


async def test_an_ask_is_kept_and_told(shop: Shop, clock: ManualClock) -> None:
    link = await expired(shop, clock)

    made = await ask(shop, link, "tr")

    assert await inbox(shop) == [made]
    assert (made.link_id, made.state, made.lang, made.done_at) == (link.id, "expired", "tr", None)
    [event] = [one for one in await shop.events(link.id) if one.type == "link.requested"]
    assert event.data["id"] == link.id
    assert event.data["request"]["id"] == made.id
    assert (event.data["request"]["state"], event.data["request"]["lang"]) == ("expired", "tr")


async def test_every_end_that_stays_can_be_asked_about(shop: Shop, clock: ManualClock) -> None:
    used, full = await shop.link(max_payments=1), await shop.link(max_payments=2)
    for link, payments in ((used, 1), (full, 2)):
        for number in range(payments):
            await shop.charged(await shop.pay(link, f"payer {number}"))
    deleted = await shop.link()
    await shop.write(lambda tx: service.delete(tx, shop.tenant, deleted.id))
    past = await expired(shop, clock)

    states = [(await ask(shop, link)).state for link in (used, full, deleted, past)]

    assert states == ["used", "full", "deleted", "expired"]
    assert set(states) < GONE


async def test_a_link_that_can_be_paid_or_may_open_again_is_not_asked_about(shop: Shop) -> None:
    link = await shop.link()
    with pytest.raises(Conflict):
        await ask(shop, link)
    await shop.write(lambda tx: service.set_status(tx, shop.tenant, link.id, LinkStatus.PAUSED))
    with pytest.raises(Conflict):
        await ask(shop, link)
    with pytest.raises(NotFound):
        await shop.write(lambda tx: asks.ask(tx, ids.new_id(0), "en"))
    assert await inbox(shop) == []


async def test_a_link_takes_three_in_an_hour_and_says_when_the_next_may_come(
    shop: Shop, clock: ManualClock
) -> None:
    link, other = await expired(shop, clock), await expired(shop, clock)
    for _ in range(ASKS_MAX):
        await ask(shop, link)
        clock.advance(10 * MINUTE)

    with pytest.raises(TooMany) as refused:
        await ask(shop, link)
    assert refused.value.retry_after_seconds == 30 * 60
    await ask(shop, other)
    clock.advance(30 * MINUTE - 1)
    with pytest.raises(TooMany):
        await ask(shop, link)
    clock.advance(1)
    await ask(shop, link)
    assert len(await inbox(shop)) == ASKS_MAX + 2


async def test_of_those_who_ask_at_once_three_are_heard(shop: Shop, clock: ManualClock) -> None:
    for _ in range(5):
        link = await expired(shop, clock)

        asked = await asyncio.gather(*(ask(shop, link) for _ in range(12)), return_exceptions=True)

        assert sum(isinstance(one, Ask) for one in asked) == ASKS_MAX
        assert {type(one) for one in asked if isinstance(one, BaseException)} == {TooMany}
        assert len(await inbox(shop, Filter(link=link.id))) == ASKS_MAX


async def test_the_inbox_is_the_merchants_own(
    shop: Shop, neighbour: Shop, clock: ManualClock
) -> None:
    made = await ask(shop, await expired(shop, clock))

    assert await inbox(neighbour) == []
    with pytest.raises(NotFound):
        await neighbour.write(lambda tx: asks.set_done(tx, neighbour.tenant, made.id, done=True))
    with pytest.raises(NotFound):
        await neighbour.db.read(
            lambda tx: asks.list_of_link(tx, neighbour.tenant, made.link_id, None, 10)
        )


async def test_what_is_ticked_off_keeps_its_time_until_it_is_opened_again(
    shop: Shop, clock: ManualClock
) -> None:
    first = await ask(shop, await expired(shop, clock))
    second = await ask(shop, await expired(shop, clock))

    async def tick(done: bool) -> Ask:
        return await shop.write(lambda tx: asks.set_done(tx, shop.tenant, first.id, done=done))

    ticked = await tick(True)
    clock.advance(HOUR)
    assert await tick(True) == ticked
    assert [one.id for one in await inbox(shop, Filter(done=True))] == [first.id]
    assert [one.id for one in await inbox(shop, Filter(done=False))] == [second.id]
    assert (await tick(False)).done_at is None


async def test_old_ones_are_forgotten(shop: Shop, clock: ManualClock) -> None:
    await ask(shop, await expired(shop, clock))
    clock.advance(2 * DAY)
    kept = await ask(shop, await expired(shop, clock))

    def forget(tx: Tx) -> int:
        before = ids.first_id(tx.now - DAY)
        return asks.forget_old(tx, Span(BEGINNING, before, 100)).changed

    assert await shop.db.write(forget) == 1
    assert await inbox(shop) == [kept]
