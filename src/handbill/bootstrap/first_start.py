"""What an empty installation gets: a sample merchant with keys, a sample product and a sample link,
so that somebody new can pay within a minute."""

from __future__ import annotations

import msgspec

from acquirer_sandbox import shops
from handbill.catalog.products import ProductTerms
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel.addresses import Addresses
from handbill.links import products, service
from handbill.links.model import AmountType, Terms
from handbill.merchants import accounts, keys
from handbill.merchants import service as merchants
from handbill.merchants import store as merchant_store
from handbill.merchants.model import Scope, Tenant
from handbill.merchants.service import NewMerchant

SANDBOX = "sandbox"
METHODS = ("card", "sbp")
INBOX_PATH = "/sandbox/inbox"
MERCHANTS_MAX = 1_000
"""Beyond it, an installation is no trial."""


class FirstStart(msgspec.Struct, frozen=True):
    """Shown once. `dashboard_key` opens the dashboard, and makes links alone."""

    merchant: NewMerchant
    dashboard_key: str
    link_id: str
    link_code: str
    product_id: str


def open_merchant(
    tx: Tx, crypto: Crypto, name: str, notify_url: str | None, *, sandbox: bool
) -> NewMerchant:
    """A merchant; where the sandbox acquirer runs, with an account there for test payments."""
    merchant = merchants.create(tx, crypto, name, notify_url)
    if sandbox:
        _open_account(tx, crypto, merchant.id, name)
    return merchant


def runs_sandbox(tx: Tx) -> bool:
    """Whether the server of this installation was last started with the sandbox acquirer."""
    return accounts.is_on(tx, SANDBOX)


def switch_sandbox(tx: Tx, crypto: Crypto, *, on: bool) -> None:
    """With it, every merchant has an account there, also one that was made while it was off.
    Without it, none is offered: a page would send its payers to nobody."""
    accounts.switch(tx, SANDBOX, on=on)
    for merchant in merchant_store.list_merchants(tx, MERCHANTS_MAX) if on else ():
        known = merchant_store.list_accounts(tx, Tenant(merchant.id, True), usable=False)
        if not any(account.provider == SANDBOX for account in known):
            _open_account(tx, crypto, merchant.id, merchant.name)


def _open_account(tx: Tx, crypto: Crypto, merchant_id: int, name: str) -> None:
    shop = shops.open_shop(tx, name)
    credentials = {"secret_key": shop.secret_key, "notification_secret": shop.notification_secret}
    accounts.add(tx, crypto, Tenant(merchant_id, True), SANDBOX, credentials, METHODS)


def furnish(
    tx: Tx, crypto: Crypto, addresses: Addresses, *, sandbox: bool, inbox: bool
) -> FirstStart | None:
    """Does nothing (None) where there is a merchant already."""
    if merchant_store.list_merchants(tx, 1):
        return None
    notify_url = addresses.base + INBOX_PATH if inbox else None
    merchant = open_merchant(tx, crypto, "Sample shop", notify_url, sandbox=sandbox)
    tenant = Tenant(merchant.id, True)
    product = products.create(
        tx, tenant, ProductTerms(header="Coffee", text="Espresso 200ml", price_minor=35_000)
    )
    terms = Terms(
        amount_type=AmountType.FIXED,
        amount_minor=35_000,
        currency="RUB",
        title="A coffee from the sample shop",
    )
    made = service.create(tx, tenant, terms, [product.id], ())
    link = made.full.link
    _, key = keys.create(tx, crypto, merchant.id, test=True, scopes=(Scope.LINKS,))
    return FirstStart(merchant, key, link.id, link.code, product.id)
