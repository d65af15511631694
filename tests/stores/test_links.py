"""Links: made, changed, ended, opened again. Their lists are in `test_link_lists`."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from handbill.infra import jobs
from handbill.infra.paging import Page
from handbill.kernel.clock import HOUR, MINUTE
from handbill.kernel.errors import IllegalTransition, Invalid, LinkNotPayable, NotFound
from handbill.kernel.ids import new_id
from handbill.links import service, store
from handbill.links.model import (
    AmountType,
    ClosedReason,
    Label,
    Link,
    LinkStatus,
    LinkWithProducts,
    PayConfig,
    Terms,
)
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from tests.support.shop import Shop

pytestmark = pytest.mark.anyio

ORIGIN = "https://shop.example"


async def set_status(shop: Shop, link: Link, to: LinkStatus) -> Link:
    return await shop.write(lambda tx: service.set_status(tx, shop.tenant, link.id, to))


async def delete(shop: Shop, link: Link) -> Link:
    return await shop.write(lambda tx: service.delete(tx, shop.tenant, link.id))


async def told(shop: Shop, link: Link) -> list[str]:
    return [event.type.removeprefix("link.") for event in await shop.events(link.id)]


async def test_a_link_is_read_as_it_was_made(shop: Shop) -> None:
    terms: dict[str, Any] = {
        "amount_type": AmountType.DYNAMIC,
        "amount_minor": 500,
        "currency": "KWD",
        "min_minor": 100,
        "max_minor": 9_000,
        "pay_config": PayConfig(methods=("sbp", "card"), label=Label.DONATE),
        "title": "Кофе",
        "description": "Спасибо!",
        "max_payments": 12,
        "expires_at": shop.clock.now() + HOUR,
        "notify_url": "https://hooks.example/1",
        "return_url": f"{ORIGIN}/thanks",
        "fail_url": "http://localhost:3000/sorry",
        "closed_message": "Bye",
        "metadata": {"room": "12"},
    }

    made = await shop.make_link(**terms)

    link = (await shop.db.read(lambda tx: service.get(tx, shop.tenant, made.full.link.id))).link
    assert link == made.full.link
    assert link.terms == Terms(**terms)
    assert (link.status, link.payments_count, link.version) == (LinkStatus.ACTIVE, 0, 1)
    assert [warned.names for warned in made.warnings] == [("sbp",)]  # not in dinars
    assert await shop.db.read(lambda tx: store.find_by_code(tx, link.code)) == link


async def test_a_link_of_another_is_not_found(shop: Shop, neighbour: Shop) -> None:
    link = await shop.link()
    live = Tenant(shop.merchant.id, test=False)

    for tenant in (neighbour.tenant, live):
        for verb in (
            lambda tx, t=tenant: service.get(tx, t, link.id),
            lambda tx, t=tenant: service.change(tx, t, link.id, {"title": "Mine"}, None, ()),
            lambda tx, t=tenant: service.set_status(tx, t, link.id, LinkStatus.PAUSED),
            lambda tx, t=tenant: service.delete(tx, t, link.id),
        ):
            with pytest.raises(NotFound):
                await shop.db.write(verb)
        page: Page[LinkWithProducts] = await shop.db.read(
            partial(service.list_page, tenant=tenant, narrow=store.Filter(), after=None, limit=10)
        )
        assert page.items == []
    with pytest.raises(NotFound):
        await shop.db.read(lambda tx: service.get(tx, shop.tenant, "no-uuid"))
    assert await shop.link_now(link) == link


async def test_all_faults_come_at_once_and_nothing_is_stored(shop: Shop) -> None:
    with pytest.raises(Invalid) as refused:
        await shop.link(
            amount_minor=0,
            currency="XXX",
            min_minor=1,
            title="x" * 201,
            max_payments=0,
            expires_at=shop.clock.now(),
            image="images/uploads/1/not-mine.png",
            notify_url="ftp://hooks.example",
            return_url="https://user@shop.example/",
        )

    names = {"amount.default", "amount.currency", "amount.min", "title", "max_payments"}
    names |= {"expires_at", "image", "notify_url", "return_url"}
    assert set(refused.value.faults) == names
    assert await shop.events() == []


async def test_a_live_return_address_is_on_the_merchants_list(shop: Shop) -> None:
    shop.tenant = Tenant(shop.merchant.id, test=False)
    with pytest.raises(Invalid):
        await shop.link(return_url=f"{ORIGIN}/thanks")
    change = {"return_origins": (ORIGIN,)}
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, change))

    link = await shop.link(return_url=f"{ORIGIN}:443/thanks")
    with pytest.raises(Invalid):
        await shop.link(return_url="https://shop.example.evil.example/")
    with pytest.raises(Invalid):
        await shop.link(fail_url="http://localhost/")

    # What stands already is not judged again when the list becomes shorter.
    await shop.write(lambda tx: merchants.change(tx, shop.merchant.id, {"return_origins": ()}))
    assert (await shop.change_link(link, title="New")).full.link.return_url == link.return_url


async def test_unknown_and_foreign_products_are_ignored_and_named(
    shop: Shop, neighbour: Shop
) -> None:
    mine, foreign = await shop.product(price_minor=600), await neighbour.product()
    missing = new_id(shop.clock.now())

    made = await shop.make_link((mine.id, foreign.id, missing, "nonsense", mine.id.upper()))

    assert [product.id for product in made.full.products] == [mine.id]
    by_code = {warned.code: warned.names for warned in made.warnings}
    assert by_code["ignored_products"] == (foreign.id, missing, "nonsense")


async def test_prices_are_shown_only_where_they_add_up(shop: Shop) -> None:
    coffee = await shop.product(price_minor=350, qty="2")
    cake = await shop.product(header="Cake", price_minor=300)

    fits = await shop.make_link((coffee.id, cake.id), amount_minor=1_000)
    differs = await shop.make_link((coffee.id,), amount_minor=1_000)

    assert (fits.full.products_total, fits.full.lines_add_up) == (1_000, True)
    assert differs.full.lines_add_up is False
    assert [warned.code for warned in differs.warnings] == ["products_total_differs"]


async def test_products_of_another_currency_are_refused(shop: Shop) -> None:
    dollars = await shop.product(currency="USD")

    with pytest.raises(Invalid) as refused:
        await shop.make_link((dollars.id,))

    assert list(refused.value.faults) == ["products.0"]


async def test_a_method_without_an_account_is_taken_with_a_warning(shop: Shop) -> None:
    made = await shop.make_link(pay_config=PayConfig(methods=("card", "lightning")))

    assert [(w.code, w.names) for w in made.warnings] == [("no_account", ("lightning",))]
    shop.tenant = Tenant(shop.merchant.id, test=False)
    assert [(w.code, w.names) for w in (await shop.make_link()).warnings] == [("no_account", ())]


async def test_a_change_keeps_what_it_does_not_name(shop: Shop) -> None:
    product = await shop.product(price_minor=1_000)
    before = (await shop.make_link((product.id,), title="Old", metadata={"a": "1"})).full.link
    shop.clock.advance(MINUTE)

    after = (await shop.change_link(before, amount_minor=2_000, title=None)).full

    assert (after.link.amount_minor, after.link.title) == (2_000, None)
    assert (after.link.metadata, after.link.currency) == ({"a": "1"}, "RUB")
    assert [p.id for p in after.products] == [product.id]
    assert (after.link.version, after.link.updated_at) == (before.version + 1, shop.clock.now())
    assert await shop.link_now(before) == after.link
    assert await told(shop, before) == ["created", "updated"]


async def test_products_are_replaced_in_their_order_and_detached(shop: Shop) -> None:
    one, two, three = [await shop.product(header=name) for name in ("One", "Two", "Three")]
    link = (await shop.make_link((one.id, two.id))).full.link

    replaced = await shop.change_link(link, (three.id, one.id))
    assert [p.id for p in replaced.full.products] == [three.id, one.id]
    stored = await shop.db.read(lambda tx: service.get(tx, shop.tenant, link.id))
    assert stored == replaced.full

    assert (await shop.change_link(link, ())).full.products == ()


async def test_an_end_that_is_taken_away_is_warned_of(shop: Shop) -> None:
    link = await shop.link(max_payments=1, expires_at=shop.clock.now() + HOUR)

    made = await shop.change_link(link, max_payments=None, expires_at=None)

    assert [(w.code, w.names) for w in made.warnings] == [
        ("limit_removed", ("max_payments", "expires_at"))
    ]


async def test_a_paused_link_is_not_paid_until_it_is_resumed(shop: Shop) -> None:
    link = await shop.link()
    await set_status(shop, link, LinkStatus.PAUSED)
    await set_status(shop, link, LinkStatus.PAUSED)
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link)
    assert refused.value.state == "paused"

    await set_status(shop, link, LinkStatus.ACTIVE)

    assert (await shop.pay(link)).redirect_url is not None
    assert await told(shop, link) == ["created", "paused", "resumed"]


async def test_the_clock_ends_a_link_and_a_job_closes_it(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + HOUR)
    shop.clock.advance(HOUR)
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link)
    assert refused.value.state == "expired"
    for status in (LinkStatus.PAUSED, LinkStatus.ACTIVE):
        if status is not link.status:
            with pytest.raises(Invalid):
                await set_status(shop, link, status)

    await shop.work()

    closed = await shop.link_now(link)
    assert (closed.status, closed.status_reason) == (LinkStatus.CLOSED, ClosedReason.EXPIRED)
    assert await told(shop, link) == ["created", "closed"]
    with pytest.raises(IllegalTransition):
        await set_status(shop, link, LinkStatus.PAUSED)
    with pytest.raises(Invalid):
        await set_status(shop, link, LinkStatus.ACTIVE)


async def test_a_later_end_opens_an_expired_link_again(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + HOUR)
    await shop.wait(HOUR)

    opened = (await shop.change_link(link, expires_at=shop.clock.now() + HOUR)).full.link

    assert (opened.status, opened.status_reason) == (LinkStatus.ACTIVE, None)
    assert await told(shop, link) == ["created", "closed", "resumed", "updated"]
    await shop.wait(HOUR)
    assert (await shop.link_now(link)).status is LinkStatus.CLOSED


async def test_an_end_that_moved_is_no_end_at_its_old_time(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + HOUR)
    await shop.change_link(link, expires_at=shop.clock.now() + 2 * HOUR)

    await shop.wait(HOUR)
    assert (await shop.link_now(link)).status is LinkStatus.ACTIVE

    await shop.wait(HOUR)
    assert (await shop.link_now(link)).status is LinkStatus.CLOSED
    assert await shop.db.read(jobs.next_due) is None


async def test_an_expired_link_may_change_its_words(shop: Shop) -> None:
    link = await shop.link(expires_at=shop.clock.now() + HOUR)
    await shop.wait(HOUR)

    changed = (await shop.change_link(link, closed_message="Come back in spring")).full.link

    assert (changed.status, changed.expires_at) == (LinkStatus.CLOSED, link.expires_at)
    with pytest.raises(Invalid):
        await shop.change_link(link, expires_at=shop.clock.now() - 1)


async def test_a_higher_limit_opens_a_used_link_again(shop: Shop) -> None:
    link = await shop.link(max_payments=1)
    await shop.charged(await shop.pay(link, payer="anna"))

    opened = (await shop.change_link(link, max_payments=2)).full.link

    assert (opened.status, opened.payments_count) == (LinkStatus.ACTIVE, 1)
    assert (await shop.pay(link, payer="boris")).redirect_url is not None


async def test_a_limit_that_is_reached_already_closes_the_link(shop: Shop) -> None:
    link = await shop.link()
    await shop.charged(await shop.pay(link))

    closed = (await shop.change_link(link, max_payments=1)).full.link

    assert (closed.status, closed.status_reason) == (LinkStatus.CLOSED, ClosedReason.LIMIT_REACHED)
    assert await told(shop, link) == ["created", "closed", "updated"]


async def test_a_deleted_link_is_gone_for_its_merchant_and_closed_for_payers(shop: Shop) -> None:
    link = await shop.link()
    started = await shop.pay(link)

    await delete(shop, link)

    with pytest.raises(NotFound):
        await delete(shop, link)
    with pytest.raises(LinkNotPayable) as refused:
        await shop.pay(link, payer="boris")
    assert refused.value.state == "deleted"
    gone = await shop.link_now(link)
    assert (gone.status, gone.status_reason) == (LinkStatus.CLOSED, ClosedReason.DELETED)
    assert (await shop.charged(started)).link_id == link.id
    assert await told(shop, link) == ["created", "deleted"]
