"""Bank transfers: what a payer is given, how long it waits, and how it is found."""

from __future__ import annotations

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import DAY, MINUTE
from handbill.kernel.errors import Conflict, Invalid
from handbill.merchants import accounts, transfers
from handbill.merchants import store as accounts_store
from handbill.merchants.store import ACCOUNTS_MAX
from handbill.payments import confirming, model, store
from handbill.payments.model import AttemptStatus, PaymentStatus
from handbill.payments.store import Filter
from handbill.providers import requisites
from tests.support.shop import CRYPTO, Shop
from tests.support.transfers import ROUBLES, bank_account, confirm, order, pay_order

pytestmark = pytest.mark.anyio


async def test_a_payer_is_given_a_code_with_a_reference_of_their_own(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link(title="Coffee")

    anna = await shop.attempt(await shop.pay(link, payer="anna", method="transfer"))
    boris = await shop.attempt(await shop.pay(link, payer="boris", method="transfer"))

    assert anna.reference
    assert anna.reference != boris.reference
    said = requisites.shown(anna.qr_payload or "")
    assert {name: said[name] for name in ROUBLES} == ROUBLES
    assert (said["amount"], said["purpose"]) == ("10.00", f"{anna.reference} Coffee")
    assert (anna.status, anna.redirect_url) == (AttemptStatus.PENDING, None)


async def test_pay_pressed_again_gives_the_same_reference(shop: Shop) -> None:
    await bank_account(shop)
    link = await shop.link()

    first = await shop.pay(link, method="transfer")
    shop.clock.advance(3 * DAY)
    again = await shop.pay(link, method="transfer")

    assert again.attempt.id == first.attempt.id


async def test_roubles_and_euros_stand_beside_each_other(shop: Shop) -> None:
    await bank_account(shop, "RUB")
    await bank_account(shop, "EUR")

    in_euros = await shop.pay(await shop.link(currency="EUR"), method="transfer")

    assert ((await shop.attempt(in_euros)).qr_payload or "").startswith("BCD\n002\n1\nSCT\n")
    offered = await shop.db.read(lambda tx: accounts.offered(tx, shop.tenant, "USD"))
    assert list(offered) == ["card"]


async def test_payers_are_sent_to_one_account_in_a_currency(shop: Shop) -> None:
    first = await bank_account(shop)
    with pytest.raises(Conflict) as refused:
        await bank_account(shop)
    assert refused.value.code == "account_exists"

    await shop.write(lambda tx: transfers.switch(tx, first, on=False))
    second = await bank_account(shop)

    started = await shop.pay(await shop.link(), method="transfer")
    assert started.attempt.account_id == second.id
    off = await shop.db.read(lambda tx: accounts.get_of(tx, shop.tenant, first.id))
    with pytest.raises(Conflict):
        await shop.write(lambda tx: transfers.switch(tx, off, on=True))


async def test_a_merchant_may_change_banks_as_often_as_they_like(shop: Shop) -> None:
    def change(tx: Tx) -> None:
        account = transfers.add(tx, CRYPTO, shop.tenant, "RUB", ROUBLES)
        transfers.switch(tx, account, on=False)

    def change_often(tx: Tx) -> None:
        for _ in range(120):
            change(tx)

    await shop.write(change_often)

    known = await shop.db.read(lambda tx: accounts.all_of(tx, shop.tenant))
    assert len(known) == 121  # with the card's


async def test_accounts_have_a_bound(shop: Shop) -> None:
    account = await bank_account(shop)
    await shop.write(lambda tx: transfers.switch(tx, account, on=False))
    off = await shop.db.read(lambda tx: accounts.get_of(tx, shop.tenant, account.id))

    def fill(tx: Tx) -> None:
        for _ in range(ACCOUNTS_MAX - accounts_store.count_accounts(tx, shop.tenant)):
            another = msgspec.structs.replace(off, id=ids.new_id(tx.now), token=ids.token())
            accounts_store.add_account(tx, another)

    await shop.write(fill)

    with pytest.raises(Conflict, match="at most"):
        await bank_account(shop)


async def test_a_disabled_account_is_offered_to_nobody_and_what_was_begun_goes_on(
    shop: Shop,
) -> None:
    account = await bank_account(shop)
    link = await shop.link()
    started = await shop.pay(link, payer="anna", method="transfer")

    await shop.write(lambda tx: transfers.switch(tx, account, on=False))

    with pytest.raises(Invalid):
        await shop.pay(link, payer="boris", method="transfer")
    assert (await confirm(shop, started)).status is PaymentStatus.CHARGED


async def test_requisites_are_sealed_and_only_those_of_banks_can_be_read(shop: Shop) -> None:
    account = await bank_account(shop)
    [card, _] = await shop.db.read(lambda tx: accounts.all_of(tx, shop.tenant))

    assert ROUBLES["account"] not in account.sealed
    assert transfers.requisites_of(CRYPTO, account) == ROUBLES
    assert transfers.requisites_of(CRYPTO, card) is None
    with pytest.raises(Conflict):
        await shop.write(lambda tx: transfers.switch(tx, card, on=False))


async def test_a_transfer_waits_for_two_weeks_and_asks_nobody_meanwhile(shop: Shop) -> None:
    await bank_account(shop)
    started = await shop.pay(await shop.link(), method="transfer")
    payment = await shop.payment(started)
    assert payment.expires_at == started.attempt.expires_at == shop.clock.now() + 14 * DAY

    await shop.wait(MINUTE)
    shop.clock.advance(14 * DAY - 2 * MINUTE)
    assert not await shop.worker.step()
    assert (await shop.payment(started)).status is PaymentStatus.PENDING
    await shop.wait(MINUTE)

    assert (await shop.attempt(started)).status is AttemptStatus.EXPIRED
    assert (await shop.payment(started)).status is PaymentStatus.CANCELLED
    assert await shop.told(started) == ["created", "cancelled"]
    shop.clock.advance(30 * DAY)
    assert not await shop.worker.step()


async def test_a_sale_that_waits_for_minutes_takes_no_transfer(shop: Shop) -> None:
    await bank_account(shop)
    made = await order(shop, life=15 * MINUTE)
    with pytest.raises(Invalid):
        await pay_order(shop, made, "transfer")

    started = await pay_order(shop, await order(shop), "transfer")

    assert (await shop.payment(started)).expires_at == shop.clock.now() + model.TRANSFER_LIFE


async def test_what_waits_is_found_by_its_reference_however_it_was_typed(
    shop: Shop, neighbour: Shop
) -> None:
    await bank_account(shop)
    await bank_account(neighbour)
    link = await shop.link()
    anna = await shop.pay(link, payer="anna", method="transfer")
    boris = await shop.pay(link, payer="boris", method="transfer")
    await shop.pay(link, payer="clara", method="card")
    reference = (await shop.attempt(anna)).reference or ""

    async def found(at: Shop, asked: Filter) -> set[str]:
        page = await at.db.read(lambda tx: store.list_page(tx, at.tenant, asked, None, 10))
        return {payment.id for payment in page.items}

    typed = f"{reference[:5]}-{reference[5:]} ".lower()
    assert await found(shop, Filter(reference=confirming.as_kept(typed))) == {anna.payment.id}
    assert await found(neighbour, Filter(reference=reference)) == set()
    assert await found(shop, Filter(waiting="transfer")) == {anna.payment.id, boris.payment.id}
    await confirm(shop, anna)
    assert await found(shop, Filter(waiting="transfer")) == {boris.payment.id}
