"""The PIN of a merchant's tills: kept so that nobody reads it, counted so that nobody guesses."""

from __future__ import annotations

import asyncio

import pytest

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import MINUTE
from handbill.kernel.errors import Invalid
from handbill.merchants import tills
from handbill.merchants.model import Tenant
from handbill.merchants.tills import PinCheck, PinVerdict, Till
from tests.support.shop import CRYPTO, Shop

pytestmark = pytest.mark.anyio

PIN = "4821"


async def set_pin(shop: Shop, pin: str | None = PIN) -> None:
    await shop.write(lambda tx: tills.set_pin(tx, CRYPTO, shop.tenant, pin))


async def check(shop: Shop, pin: str, tenant: Tenant | None = None) -> PinCheck:
    whose = tenant or shop.tenant
    return await shop.write(lambda tx: tills.check_pin(tx, CRYPTO, whose, pin))


async def kept(shop: Shop) -> Till:
    return await shop.db.read(lambda tx: tills.get(tx, shop.tenant))


async def test_a_till_has_no_pin_until_it_is_set(shop: Shop) -> None:
    assert await kept(shop) == Till("RUB")
    assert (await check(shop, "")).verdict is PinVerdict.UNSET
    await set_pin(shop)
    assert (await check(shop, PIN)).verdict is PinVerdict.RIGHT
    await set_pin(shop, None)
    assert (await check(shop, PIN)).verdict is PinVerdict.UNSET


async def test_each_mode_and_each_merchant_has_its_own(shop: Shop, neighbour: Shop) -> None:
    await set_pin(shop)
    live = Tenant(shop.merchant.id, False)
    assert (await check(shop, PIN, live)).verdict is PinVerdict.UNSET
    assert (await check(neighbour, PIN)).verdict is PinVerdict.UNSET
    await set_pin(neighbour)
    hashes = [(await kept(one)).pin_hash for one in (shop, neighbour)]
    assert len({*hashes}) == 2


async def test_the_database_alone_does_not_tell_it(shop: Shop) -> None:
    """Without the installation's key all 10,000 can be tried, and none fits."""
    await set_pin(shop)
    stored = (await kept(shop)).pin_hash
    other = Crypto(b"the key of another installation!")
    owner = f"{shop.tenant.merchant_id}:{shop.tenant.test}"
    tried = {other.derived("pin of a till", f"{owner}:{n:04}").hex() for n in range(10_000)}
    assert stored not in tried


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", " 1234", "1234\n", "١٢٣٤"])
async def test_a_pin_has_four_to_eight_digits(shop: Shop, pin: str) -> None:
    with pytest.raises(Invalid) as refused:
        await set_pin(shop, pin)
    assert list(refused.value.faults) == ["till_pin"]
    assert (await kept(shop)).pin_hash is None


async def test_five_wrong_ones_lock_it_for_a_quarter_of_an_hour(shop: Shop) -> None:
    await set_pin(shop)
    left = [(await check(shop, "0000")).tries_left for _ in range(4)]
    assert left == [4, 3, 2, 1]
    locked = PinCheck(PinVerdict.LOCKED, free_at=shop.clock.now() + 15 * MINUTE)
    assert await check(shop, "0000") == locked
    assert await check(shop, PIN) == locked

    shop.clock.advance(15 * MINUTE - 1)
    assert (await check(shop, PIN)).verdict is PinVerdict.LOCKED
    shop.clock.advance(1)
    assert (await check(shop, "0000")).tries_left == 4
    assert (await check(shop, PIN)).verdict is PinVerdict.RIGHT


async def test_the_right_one_forgives_the_wrong_ones(shop: Shop) -> None:
    await set_pin(shop)
    for _ in range(3):
        for _ in range(4):
            assert (await check(shop, "0000")).verdict is PinVerdict.WRONG
        assert (await check(shop, PIN)).verdict is PinVerdict.RIGHT


async def test_a_new_pin_ends_the_lock(shop: Shop) -> None:
    await set_pin(shop)
    for _ in range(5):
        await check(shop, "0000")
    await set_pin(shop, "73554")
    assert (await check(shop, "73554")).verdict is PinVerdict.RIGHT


async def test_however_many_guess_at_once_five_guesses_are_judged(shop: Shop) -> None:
    await set_pin(shop)
    guesses = [f"{n:04}" for n in range(1, 40)] + [PIN]
    found = await asyncio.gather(*(check(shop, pin) for pin in guesses))
    verdicts = [one.verdict for one in found]
    assert verdicts.count(PinVerdict.WRONG) == 4
    assert verdicts.count(PinVerdict.LOCKED) == 36


async def test_the_currency_stays_when_the_pin_changes(shop: Shop) -> None:
    await shop.write(lambda tx: tills.set_currency(tx, shop.tenant, "EUR"))
    await set_pin(shop)
    assert (await kept(shop)).currency == "EUR"
    with pytest.raises(Invalid):
        await shop.write(lambda tx: tills.set_currency(tx, shop.tenant, "EURO"))
