"""Tables `merchants`, `api_keys`, `webhook_secrets`, `provider_accounts`."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.kernel.clock import Instant
from handbill.merchants.model import Account, ApiKey, Identity, Merchant, Scope, Tenant

_MERCHANT = (
    "SELECT id, name, legal_name, tax_id, support_contact, logo, color, notify_url, status,"
    " fee_rule_json, money_rule_json, return_origins_json, frame_origins_json, created_at,"
    " updated_at FROM merchants"
)
_KEY = "SELECT id, merchant_id, test, last_four, scopes_json, created_at, revoked_at FROM api_keys"
_ACCOUNT = (
    "SELECT id, merchant_id, test, provider, token, sealed, methods_json, currencies_json, status,"
    " created_at FROM provider_accounts"
)

_IDENTITY = (
    "SELECT k.id, k.merchant_id, k.test, k.scopes_json, m.status FROM api_keys k"
    " JOIN merchants m ON m.id = k.merchant_id WHERE k.revoked_at IS NULL"
)

SECRETS_MAX = 10
ACCOUNTS_MAX = 1_000
"""Of a merchant in one mode, also those that are disabled: what they began goes on."""


class _Known(msgspec.Struct, frozen=True):
    id: str
    merchant_id: int
    test: bool
    scopes: tuple[Scope, ...]
    status: str


def add_merchant(tx: Tx, name: str, notify_url: str | None) -> int:
    merchant_id: int = tx.value(
        "INSERT INTO merchants (name, notify_url, status, fee_rule_json, money_rule_json,"
        " return_origins_json, created_at, updated_at)"
        " VALUES (:name, :notify_url, 'active', '{}', '{}', '[]', :now, :now)"
        " RETURNING id",
        name=name,
        notify_url=notify_url,
        now=tx.now,
    )
    return merchant_id


def find_merchant(tx: Tx, merchant_id: int) -> Merchant | None:
    return tx.find(Merchant, f"{_MERCHANT} WHERE id = :id", id=merchant_id)


def list_merchants(tx: Tx, limit: int) -> list[Merchant]:
    return tx.all(Merchant, f"{_MERCHANT} ORDER BY id LIMIT :limit", limit=limit)


def save_merchant(tx: Tx, merchant: Merchant) -> None:
    tx.run(
        "UPDATE merchants SET name = :name, legal_name = :legal_name, tax_id = :tax_id,"
        " support_contact = :support_contact, logo = :logo, color = :color,"
        " notify_url = :notify_url, status = :status,"
        " fee_rule_json = :fee_rule_json, money_rule_json = :money_rule_json,"
        " return_origins_json = :return_origins_json, frame_origins_json = :frame_origins_json,"
        " updated_at = :updated_at WHERE id = :id",
        id=merchant.id,
        name=merchant.name,
        legal_name=merchant.legal_name,
        tax_id=merchant.tax_id,
        support_contact=merchant.support_contact,
        logo=merchant.logo,
        color=merchant.color,
        notify_url=merchant.notify_url,
        status=str(merchant.status),
        fee_rule_json=merchant.fee_rule,
        money_rule_json=merchant.money_rule,
        return_origins_json=merchant.return_origins,
        frame_origins_json=merchant.frame_origins,
        updated_at=merchant.updated_at,
    )


def touch_merchant(tx: Tx, merchant_id: int) -> None:
    tx.run("UPDATE merchants SET updated_at = :now WHERE id = :id", id=merchant_id, now=tx.now)


def add_key(tx: Tx, key: ApiKey, key_hash: str) -> None:
    tx.run(
        "INSERT INTO api_keys (id, merchant_id, test, hash, last_four, scopes_json, created_at)"
        " VALUES (:id, :merchant_id, :test, :hash, :last_four, :scopes_json, :now)",
        id=key.id,
        merchant_id=key.merchant_id,
        test=key.test,
        hash=key_hash,
        last_four=key.last_four,
        scopes_json=key.scopes,
        now=tx.now,
    )


def find_identity(tx: Tx, key_hash: str) -> Identity | None:
    """Who holds a key that is not revoked."""
    return _identity(tx.find(_Known, f"{_IDENTITY} AND k.hash = :hash", hash=key_hash))


def find_identity_by_id(tx: Tx, key_id: str) -> Identity | None:
    """The same, where only the key's id is known."""
    return _identity(tx.find(_Known, f"{_IDENTITY} AND k.id = :id", id=key_id))


def _identity(known: _Known | None) -> Identity | None:
    if known is None:
        return None
    return Identity(
        key_id=known.id,
        tenant=Tenant(known.merchant_id, known.test),
        scopes=frozenset(known.scopes),
        paused=known.status == "paused",
    )


def list_keys(tx: Tx, merchant_id: int) -> list[ApiKey]:
    return tx.all(
        ApiKey,
        f"{_KEY} WHERE merchant_id = :merchant_id ORDER BY created_at, id LIMIT 1000",
        merchant_id=merchant_id,
    )


def revoke_key(tx: Tx, key_id: str) -> int:
    return tx.run(
        "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
        id=key_id,
        now=tx.now,
    )


def add_secret(tx: Tx, secret_id: str, merchant_id: int, sealed: str) -> None:
    tx.run(
        "INSERT INTO webhook_secrets (id, merchant_id, sealed, created_at)"
        " VALUES (:id, :merchant_id, :sealed, :now)",
        id=secret_id,
        merchant_id=merchant_id,
        sealed=sealed,
        now=tx.now,
    )


def expire_secrets(tx: Tx, merchant_id: int, at: Instant) -> None:
    """Those that sign without an end get one."""
    tx.run(
        "UPDATE webhook_secrets SET expires_at = :at"
        " WHERE merchant_id = :merchant_id AND (expires_at IS NULL OR expires_at > :at)",
        merchant_id=merchant_id,
        at=at,
    )


class _Sealed(msgspec.Struct, frozen=True):
    merchant_id: int
    sealed: str


def live_secrets(tx: Tx, merchant_ids: Collection[int]) -> dict[int, list[str]]:
    """Of each merchant those that sign: sealed, newest first, the last ten."""
    rows = tx.all(
        _Sealed,
        "SELECT merchant_id, sealed FROM webhook_secrets WHERE merchant_id IN :ids"
        " AND (expires_at IS NULL OR expires_at > :now) ORDER BY created_at DESC, id DESC",
        ids=sorted(merchant_ids),
        now=tx.now,
    )
    found: dict[int, list[str]] = {merchant_id: [] for merchant_id in merchant_ids}
    for row in rows:
        found[row.merchant_id].append(row.sealed)
    return {merchant_id: sealed[:SECRETS_MAX] for merchant_id, sealed in found.items()}


def add_account(tx: Tx, account: Account) -> None:
    tx.run(
        "INSERT INTO provider_accounts (id, merchant_id, test, provider, token, sealed,"
        " methods_json, currencies_json, status, created_at) VALUES (:id, :merchant_id, :test,"
        " :provider, :token, :sealed, :methods_json, :currencies_json, :status, :now)",
        id=account.id,
        merchant_id=account.merchant_id,
        test=account.test,
        provider=account.provider,
        token=account.token,
        sealed=account.sealed,
        methods_json=account.methods,
        currencies_json=account.currencies,
        status=account.status,
        now=tx.now,
    )


def list_accounts(tx: Tx, tenant: Tenant, *, usable: bool = True) -> list[Account]:
    """The tenant's accounts, oldest first: the order in which they are tried. Otherwise than
    `usable` also those that are off or disabled."""
    narrow = " AND status = 'active'" if usable else ""
    return tx.all(
        Account,
        f"{_ACCOUNT} WHERE merchant_id = :merchant_id AND test = :test{narrow}"
        " ORDER BY created_at, id LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=ACCOUNTS_MAX,
    )


def count_accounts(tx: Tx, tenant: Tenant) -> int:
    """Also those that are off or disabled."""
    found: int = tx.value(
        "SELECT COUNT(*) FROM provider_accounts WHERE merchant_id = :merchant_id AND test = :test",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
    return found


def list_accounts_page(tx: Tx, tenant: Tenant, after: Position | None, limit: int) -> Page[Account]:
    """Newest first, also those that are off or disabled."""
    narrow = "" if after is None else " AND (created_at, id) < (:after_at, :after_id)"
    rows = tx.all(
        Account,
        f"{_ACCOUNT} WHERE merchant_id = :merchant_id AND test = :test{narrow}"
        " ORDER BY created_at DESC, id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        after_at=after.created_at if after is not None else 0,
        after_id=after.id if after is not None else "",
        limit=limit + 1,
    )
    return cut(rows, limit)


def get_account(tx: Tx, account_id: str) -> Account:
    """Also one that is switched off: payments that it began are still asked for."""
    return tx.get(Account, f"{_ACCOUNT} WHERE id = :id", id=account_id)


def find_account(tx: Tx, account_id: str) -> Account | None:
    return tx.find(Account, f"{_ACCOUNT} WHERE id = :id", id=account_id)


def set_account_status(tx: Tx, account_id: str, status: str) -> None:
    tx.run(
        "UPDATE provider_accounts SET status = :status WHERE id = :id", id=account_id, status=status
    )


def find_account_by_token(tx: Tx, provider: str, token: str) -> Account | None:
    return tx.find(
        Account,
        f"{_ACCOUNT} WHERE provider = :provider AND token = :token",
        provider=provider,
        token=token,
    )


def has_usable_account(tx: Tx, provider: str) -> bool:
    found = tx.value(
        "SELECT 1 FROM provider_accounts WHERE provider = :provider AND status = 'active' LIMIT 1",
        provider=provider,
    )
    return found is not None


class _Owner(msgspec.Struct, frozen=True):
    merchant_id: int


def switch_accounts(tx: Tx, provider: str, status: str) -> set[int]:
    """Gives the merchants whose accounts changed. What a merchant has disabled stays so."""
    changed = tx.all(
        _Owner,
        "UPDATE provider_accounts SET status = :status"
        " WHERE provider = :provider AND status NOT IN (:status, 'disabled') RETURNING merchant_id",
        provider=provider,
        status=status,
    )
    return {row.merchant_id for row in changed}
