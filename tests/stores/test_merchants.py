"""Merchants, their keys, webhook secrets and accounts at acquirers."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from handbill.infra.database import Database
from handbill.kernel import ids
from handbill.kernel.clock import DAY, ManualClock
from handbill.kernel.errors import Invalid, NotFound
from handbill.merchants import accounts, keys, service, store
from handbill.merchants.fees import Fee, FeeRule
from handbill.merchants.keys import Keyring
from handbill.merchants.model import DEFAULT_SCOPES, Merchant, MerchantStatus, Scope, Tenant
from handbill.providers.registry import Registry
from tests.support.shop import CRYPTO, Shop

pytestmark = pytest.mark.anyio

WRONG_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"return_origins": ("https://shop.example/",)}, "return_origins.0"),
    ({"return_origins": ("https://shop.example:443",)}, "return_origins.0"),
    ({"return_origins": ("http://shop.example",)}, "return_origins.0"),
    ({"return_origins": ("https://Shop.example",)}, "return_origins.0"),
    ({"return_origins": ("https://shop.example:99999",)}, "return_origins.0"),
    ({"return_origins": ("https://a.example",) * 21}, "return_origins"),
    ({"frame_origins": ("http://shop.example",)}, "frame_origins.0"),
    ({"frame_origins": ("https://a.example", "https://*.example")}, "frame_origins.1"),
    ({"frame_origins": ("https://a.example; script-src *",)}, "frame_origins.0"),
    ({"frame_origins": ("https://a.example",) * 11}, "frame_origins"),
    ({"fee_rule": FeeRule(payer=Fee(0, {"XXX": 1}))}, "fee_rule.payer.fixed.XXX"),
]


async def change(shop: Shop, **changes: Any) -> Merchant:
    return await shop.write(lambda tx: service.change(tx, shop.merchant.id, changes))


async def identify(keyring: Keyring, key: str) -> tuple[Tenant, frozenset[Scope], bool] | None:
    identity = await keyring.identify(key)
    return None if identity is None else (identity.tenant, identity.scopes, identity.paused)


async def test_a_new_merchant_has_a_key_for_each_mode_and_a_secret(db: Database) -> None:
    made = await db.write(lambda tx: service.create(tx, CRYPTO, " Кофейня ", "https://a.example"))

    assert (made.id, made.name) == (1, "Кофейня")
    assert made.api_keys["test"].startswith("hb_test_")
    assert made.api_keys["live"].startswith("hb_live_")
    assert made.webhook_secret.startswith("whsec_")
    merchant = await db.read(lambda tx: service.get(tx, made.id))
    assert (merchant.name, merchant.notify_url) == ("Кофейня", "https://a.example")
    assert (merchant.status, merchant.fee_rule) == (MerchantStatus.ACTIVE, FeeRule())
    target = await db.read(lambda tx: service.webhook_target(tx, CRYPTO, made.id))
    assert (target.notify_url, target.secrets) == ("https://a.example", (made.webhook_secret,))


async def test_keys_and_secrets_are_not_readable_in_the_database(db: Database) -> None:
    made = await db.write(lambda tx: service.create(tx, CRYPTO, "Shop", None))
    await db.write(
        lambda tx: accounts.add(
            tx, CRYPTO, Tenant(made.id, True), "fake", {"secret": "s3cr3t"}, ("card",)
        )
    )

    stored = await db.read(
        lambda tx: [
            tx.value("SELECT hash FROM api_keys ORDER BY id LIMIT 1"),
            tx.value("SELECT sealed FROM webhook_secrets LIMIT 1"),
            tx.value("SELECT sealed FROM provider_accounts LIMIT 1"),
        ]
    )

    for secret in (*made.api_keys.values(), made.webhook_secret, "s3cr3t"):
        assert not any(secret in text for text in stored)


async def test_what_was_changed_is_stored(shop: Shop) -> None:
    changes: dict[str, Any] = {
        "name": "Shop 2",
        "legal_name": "Shop Ltd",
        "tax_id": "7707083893",
        "support_contact": "help@shop.example",
        "notify_url": None,
        "return_origins": ("https://shop.example", "https://[::1]:8443"),
        "frame_origins": ("https://shop.example",),
        "fee_rule": FeeRule(payer=Fee(500, {"RUB": 100}), merchant=Fee(250)),
    }
    shop.clock.advance(5)

    changed = await change(shop, **changes)

    stored = await shop.db.read(lambda tx: service.get(tx, shop.merchant.id))
    assert stored == changed
    assert {name: getattr(stored, name) for name in changes} == changes
    assert stored.updated_at == shop.clock.now()


async def test_what_is_wrong_with_a_change_is_named(shop: Shop) -> None:
    for changes, field in WRONG_CHANGES:
        with pytest.raises(Invalid) as refused:
            await change(shop, **changes)
        assert list(refused.value.faults) == [field]


async def test_a_merchant_needs_a_name(db: Database) -> None:
    for name in ("", "  ", "x" * 201):
        with pytest.raises(Invalid):
            await db.write(partial(service.create, crypto=CRYPTO, name=name, notify_url=None))
    with pytest.raises(NotFound):
        await db.read(lambda tx: service.get(tx, 1))


async def test_a_key_tells_whose_it_is_and_what_it_may(shop: Shop, clock: ManualClock) -> None:
    keyring = Keyring(shop.db, CRYPTO, clock)
    _, narrow = await shop.write(
        lambda tx: keys.create(tx, CRYPTO, shop.merchant.id, test=False, scopes=[Scope.TILL])
    )

    own = await identify(keyring, shop.merchant.api_keys["test"])
    assert own == (shop.tenant, frozenset(DEFAULT_SCOPES), False)
    live = Tenant(shop.merchant.id, test=False)
    assert await identify(keyring, narrow) == (live, frozenset({Scope.TILL}), False)
    for text in ("", "hb_test_x", narrow[:-1] + ("0" if narrow[-1] != "0" else "1")):
        assert await keyring.identify(text) is None
    assert await keyring.identify(ids.api_key(test=True)) is None


async def test_a_revoked_key_works_for_at_most_a_second(shop: Shop, clock: ManualClock) -> None:
    keyring, key = Keyring(shop.db, CRYPTO, clock), shop.merchant.api_keys["test"]
    identity = await keyring.identify(key)
    assert identity is not None

    await shop.write(lambda tx: keys.revoke(tx, identity.key_id))

    clock.advance(keys.CACHE)
    assert await keyring.identify(key) is None
    for missing in (identity.key_id, ids.new_id(0), "nonsense"):
        with pytest.raises(NotFound):
            await shop.write(partial(keys.revoke, key_id=missing))
    listed = await shop.db.read(lambda tx: store.list_keys(tx, shop.merchant.id))
    assert [(one.test, one.revoked_at is None) for one in listed] == [(True, False), (False, True)]
    assert listed[0].last_four == key[-4:]


async def test_the_keys_of_a_paused_merchant_say_so(shop: Shop, clock: ManualClock) -> None:
    keyring, key = Keyring(shop.db, CRYPTO, clock), shop.merchant.api_keys["test"]

    for paused in (True, True, False):
        await shop.write(partial(service.set_paused, merchant_id=shop.merchant.id, paused=paused))
        clock.advance(keys.CACHE)
        identity = await keyring.identify(key)
        assert identity is not None
        assert identity.paused is paused


async def test_after_a_rotation_both_secrets_sign_for_a_day(shop: Shop) -> None:
    async def secrets() -> tuple[str, ...]:
        return (
            await shop.db.read(lambda tx: service.webhook_target(tx, CRYPTO, shop.merchant.id))
        ).secrets

    async def rotate() -> str:
        return await shop.write(lambda tx: service.rotate_secret(tx, CRYPTO, shop.merchant.id))

    first, second = shop.merchant.webhook_secret, await rotate()
    assert await secrets() == (second, first)

    shop.clock.advance(DAY - 1)
    third = await rotate()
    assert await secrets() == (third, second, first)

    shop.clock.advance(1)
    assert await secrets() == (third, second)
    shop.clock.advance(DAY)
    assert await secrets() == (third,)


async def test_a_method_goes_to_the_first_account_that_takes_it(shop: Shop) -> None:
    first = await shop.db.read(lambda tx: accounts.offered(tx, shop.tenant, "RUB")["card"])
    later = await shop.account(methods=("card", "transfer"))

    offered = await shop.db.read(lambda tx: accounts.offered(tx, shop.tenant, "RUB"))

    assert {name: account.id for name, account in offered.items()} == {
        "card": first.id,
        "sbp": first.id,
        "transfer": later.id,
    }
    assert await shop.db.read(lambda tx: accounts.find_by_token(tx, "fake", later.token)) == later
    assert await shop.db.read(lambda tx: accounts.find_by_token(tx, "other", later.token)) is None
    live = Tenant(shop.merchant.id, test=False)
    assert await shop.db.read(lambda tx: accounts.offered(tx, live, "RUB")) == {}


async def test_a_new_account_makes_the_pages_of_its_merchant_anew(shop: Shop) -> None:
    before = await shop.db.read(lambda tx: service.get(tx, shop.merchant.id))
    shop.clock.advance(1)

    await shop.account(methods=("lightning",))

    after = await shop.db.read(lambda tx: service.get(tx, shop.merchant.id))
    assert after.updated_at > before.updated_at


async def test_an_account_is_opened_once_with_its_credentials(shop: Shop) -> None:
    opened: list[dict[str, str]] = []

    def open_fake(credentials: Any) -> Any:
        opened.append(dict(credentials))
        return shop.acquirer

    acquirers = accounts.Acquirers(Registry({"fake": open_fake}), CRYPTO)
    account = await shop.write(
        lambda tx: accounts.add(tx, CRYPTO, shop.tenant, "fake", {"key": "k"}, ("card",))
    )

    assert acquirers.open(account) is acquirers.open(account)
    assert opened == [{"key": "k"}]
