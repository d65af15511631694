"""One person is found by what they know of themselves, and erased; nobody else is."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from handbill.infra.database import Tx, open_database
from handbill.kernel.errors import NotFound
from handbill.kernel.money import Money
from handbill.links import personal
from handbill.links.personal import Prefill
from handbill.payments import ordering, payers, store
from handbill.payments.model import Customer, Payment, PaymentStatus
from handbill.payments.order import Order
from handbill.payments.ordering import PaymentOrder
from handbill.payments.start import Started
from handbill.privacy import erasure
from handbill.privacy.erasure import READ_MAX, Found, Wanted
from tests.support.shop import CRYPTO, Shop

pytestmark = pytest.mark.anyio

ANNA = Customer(email="Anna@Mail.example", phone="+7 (900) 000-00-01", name="Anna")
BORIS = Customer(email="boris@mail.example", phone="+79000000002")


async def order(shop: Shop, customer: Customer, **fields: Any) -> Payment:
    asked = PaymentOrder(amount=Money(1_000, "RUB"), customer=customer, **fields)
    made = await shop.write(lambda tx: ordering.order(tx, CRYPTO, shop.tenant, asked, ()))
    return made.payment


async def find(shop: Shop, **wanted: Any) -> list[Found]:
    return await erasure.find(shop.db, Wanted(**wanted))


async def erase(shop: Shop, **wanted: Any) -> None:
    for found in await find(shop, **wanted):
        await erasure.erase(shop.db, found)


async def known(shop: Shop, payment: Payment) -> Customer:
    return await shop.db.read(lambda tx: payers.customer(tx, payment.payer_id))


@pytest.mark.parametrize(
    "wanted",
    [
        {"email": "anna@mail.EXAMPLE "},
        {"phone": "79000000001"},
        {"phone": "+7-900-000-0001"},
        {"phone": "٧٩٠٠٠٠٠٠٠٠١"},
    ],
)
async def test_a_person_is_found_however_they_spell_it(shop: Shop, wanted: dict[str, str]) -> None:
    mine = await order(shop, ANNA)
    await order(shop, BORIS)
    await order(shop, Customer(name="Anna"))

    [found] = await find(shop, **wanted)

    assert found.payer is not None
    assert (found.payer.id, found.payer.name) == (mine.payer_id, "Anna")
    assert found.payments == (mine,)


async def test_somebody_is_found_by_the_id_of_the_payer_and_of_the_payment(shop: Shop) -> None:
    mine = await order(shop, ANNA)

    assert mine.payer_id is not None
    assert await find(shop, id=mine.payer_id) == await find(shop, id=mine.id)
    with pytest.raises(NotFound):
        await find(shop, id="019ca9b5-8d00-7000-8000-000000000000")


async def test_all_rows_of_a_person_are_erased_and_nobody_elses(shop: Shop) -> None:
    mine, again = await order(shop, ANNA), await order(shop, ANNA)
    other = await order(shop, BORIS)

    await erase(shop, email=ANNA.email)

    assert [await known(shop, one) for one in (mine, again)] == [Customer(), Customer()]
    assert await known(shop, other) == BORIS
    [found] = await find(shop, id=mine.id)
    assert found.payer is not None
    assert found.payer.erased_at == shop.clock.now()
    assert await find(shop, email=ANNA.email) == []


async def test_one_merchants_payers_can_be_erased_alone(shop: Shop, neighbour: Shop) -> None:
    mine, theirs = await order(shop, ANNA), await order(neighbour, ANNA)

    await erase(shop, email=ANNA.email, merchant_id=shop.merchant.id)

    assert await known(shop, mine) == Customer()
    assert await known(neighbour, theirs) == ANNA
    with pytest.raises(NotFound):
        await find(shop, id=theirs.id, merchant_id=shop.merchant.id)


async def test_a_second_time_nothing_changes(shop: Shop) -> None:
    mine = await order(shop, ANNA)
    await erase(shop, email=ANNA.email)
    [first] = await find(shop, id=mine.id)
    shop.clock.advance(1_000)

    await erase(shop, id=mine.id)

    assert await find(shop, id=mine.id) == [first]


async def test_a_person_is_found_among_many(shop: Shop) -> None:
    def crowd(tx: Tx) -> None:
        for _ in range(READ_MAX):
            payers.add(tx, shop.tenant, BORIS)

    await shop.write(crowd)
    shop.clock.advance(1)
    mine = await order(shop, ANNA)

    assert [one.payments for one in await find(shop, email=ANNA.email)] == [(mine,)]
    assert len(await find(shop, email=BORIS.email)) == READ_MAX


async def test_of_a_payer_without_data_the_cookie_is_erased(shop: Shop) -> None:
    started = await shop.pay(await shop.link())

    await erase(shop, id=started.payment.id)

    assert (await shop.payment(started)).payer is None


async def test_the_personal_address_at_which_they_began_is_erased(shop: Shop) -> None:
    link = await shop.link()
    asked = personal.sign(CRYPTO, link.id, Prefill(reference="INV-1", email=ANNA.email))
    started = await shop.pay(link, personal=asked)
    before = await shop.payment(started)
    assert (before.personal, await known(shop, before)) == (asked.query, Customer(ANNA.email))

    await erase(shop, email=ANNA.email)
    await shop.write(lambda tx: store.save(tx, before))

    now = await shop.payment(started)
    assert (now.personal, now.metadata) == (None, {"reference": "INV-1"})
    assert await known(shop, now) == Customer()


async def test_what_was_read_before_does_not_bring_a_payer_back(shop: Shop) -> None:
    """A writer that read the payment before the erasure saves it after."""
    started = await shop.pay(await shop.link())
    ordered = await order(shop, ANNA)
    before = await shop.payment(started)
    await erase(shop, id=started.payment.id)
    await erase(shop, id=ordered.id)

    for read in (before, ordered):
        await shop.write(partial(store.save, payment=read))

    assert (await shop.payment(started)).payer is None
    assert await known(shop, ordered) == Customer()


async def test_erased_while_money_comes_in_they_are_gone_and_the_money_is_there(
    shop: Shop, database_url: str
) -> None:
    """By a command, which is another process than the server."""
    other, link = open_database(database_url, shop.clock), await shop.link()
    started = [await shop.pay(link, payer=f"payer {number}") for number in range(20)]

    async def erase_there(one: Started) -> None:
        [found] = await erasure.find(other, Wanted(id=one.payment.id))
        await erasure.erase(other, found)

    await asyncio.gather(*(shop.charged(one) for one in started), *map(erase_there, started))

    other.close()

    paid = [await shop.payment(one) for one in started]
    assert [(one.status, one.payer) for one in paid] == [(PaymentStatus.CHARGED, None)] * 20


async def test_whoever_is_erased_can_still_pay_and_the_acquirer_is_told_nothing(
    shop: Shop,
) -> None:
    ordered = await order(shop, ANNA)
    await erase(shop, email=ANNA.email)

    started = await shop.payments.start(shop.db, Order(token=ordered.token, method="card"))

    [charge] = shop.acquirer.charges
    assert (charge.payer.email, charge.payer.phone, charge.payer.name) == (None, None, None)
    assert (await shop.charged(started)).status is PaymentStatus.CHARGED
    assert (await order(shop, ANNA, txid="1")).payer_id is not None
