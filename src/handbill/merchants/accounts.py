"""A merchant's accounts at acquirers: kept sealed, opened as providers, chosen by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict, NotFound
from handbill.merchants import store
from handbill.merchants.model import Account, AccountStatus, Tenant
from handbill.providers.contract import Provider
from handbill.providers.registry import Registry


class Acquirers:
    """Opens accounts. One open provider is kept per account and credentials."""

    def __init__(self, registry: Registry, crypto: Crypto) -> None:
        self._registry = registry
        self._crypto = crypto
        self._open: dict[str, tuple[str, Provider]] = {}

    def open(self, account: Account) -> Provider:
        kept = self._open.get(account.id)
        if kept is None or kept[0] != account.sealed:
            credentials = self._crypto.unseal(account.sealed)
            if not isinstance(credentials, dict):
                raise TypeError("sealed credentials are not an object")
            kept = (account.sealed, self._registry.open(account.provider, credentials))
            self._open[account.id] = kept
        return kept[1]


def add(
    tx: Tx,
    crypto: Crypto,
    tenant: Tenant,
    provider: str,
    credentials: Mapping[str, str],
    methods: Sequence[str],
    currencies: Sequence[str] | None = None,
) -> Account:
    """Raises Conflict where there are too many already."""
    if store.count_accounts(tx, tenant) >= store.ACCOUNTS_MAX:
        raise Conflict(f"A merchant has at most {store.ACCOUNTS_MAX} accounts in each mode.")
    account = Account(
        id=ids.new_id(tx.now),
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        provider=provider,
        token=ids.token(),
        sealed=crypto.seal(dict(credentials)),
        methods=tuple(methods),
        currencies=None if currencies is None else tuple(currencies),
        status=AccountStatus.ACTIVE,
        created_at=tx.now,
    )
    store.add_account(tx, account)
    _offer_anew(tx, tenant)
    return account


def all_of(tx: Tx, tenant: Tenant) -> list[Account]:
    """The oldest first, also those that are not used."""
    return store.list_accounts(tx, tenant, usable=False)


def get_of(tx: Tx, tenant: Tenant, account_id: str) -> Account:
    """Raises NotFound, also for somebody else's."""
    account = find(tx, account_id)
    if Tenant(account.merchant_id, account.test) != tenant:
        raise NotFound("There is no such provider account.")
    return account


def find(tx: Tx, account_id: str) -> Account:
    """Of any merchant: for the operator. Raises NotFound."""
    known = ids.parse_id(account_id)
    account = store.find_account(tx, known) if known else None
    if account is None:
        raise NotFound("There is no such provider account.")
    return account


def set_status(tx: Tx, account: Account, status: AccountStatus) -> Account:
    """A disabled account is offered to no payer; payments that it began go on."""
    store.set_account_status(tx, account.id, status)
    _offer_anew(tx, Tenant(account.merchant_id, account.test))
    return msgspec.structs.replace(account, status=status)


def offered(tx: Tx, tenant: Tenant, currency: str) -> dict[str, Account]:
    """Each method that the tenant's accounts offer in `currency`, with its account."""
    found: dict[str, Account] = {}
    for account in tx.recall(_offer_of(tenant), lambda: store.list_accounts(tx, tenant)):
        for method in account.methods:
            if account.takes(method, currency):
                found.setdefault(method, account)
    return found


def get(tx: Tx, account_id: str) -> Account:
    """Also one that is switched off: payments that it began are still asked for."""
    return store.get_account(tx, account_id)


def find_by_token(tx: Tx, provider: str, token: str) -> Account | None:
    """Whose notification address this is."""
    return store.find_account_by_token(tx, provider, token)


def _offer_of(tenant: Tenant) -> tuple[str, Tenant]:
    return ("accounts.offered", tenant)


def _offer_anew(tx: Tx, tenant: Tenant) -> None:
    """The pages of the merchant's links show its methods, so they are to be made anew."""
    tx.unlearn(_offer_of(tenant))
    store.touch_merchant(tx, tenant.merchant_id)


def is_on(tx: Tx, provider: str) -> bool:
    """Whether this installation offers an account of anybody at the acquirer."""
    return store.has_usable_account(tx, provider)


def switch(tx: Tx, provider: str, *, on: bool) -> None:
    """All accounts at an acquirer that this installation has begun or ceased to work with. What
    is off is offered to no payer; payments that it began are still asked for."""
    for merchant_id in sorted(store.switch_accounts(tx, provider, "active" if on else "off")):
        store.touch_merchant(tx, merchant_id)
