"""What a merchant is. Pure values; `Tenant` is the scope of every query for a merchant's things."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from handbill.kernel.clock import Instant
from handbill.merchants.fees import FeeRule
from handbill.merchants.money_rule import MoneyRule


class Tenant(msgspec.Struct, frozen=True):
    """Whose things, and of which mode. Nothing of another tenant can be seen: it is not found."""

    merchant_id: int
    test: bool


class MerchantStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Merchant(msgspec.Struct, frozen=True):
    """`legal_name`, `tax_id` and `support_contact` stand on every page and receipt. `logo` is the
    key of an upload, `color` is `#rrggbb`. `frame_origins`: the sites that may show the pages in a
    frame."""

    id: int
    name: str
    legal_name: str | None
    tax_id: str | None
    support_contact: str | None
    logo: str | None
    color: str | None
    notify_url: str | None
    status: MerchantStatus
    fee_rule: FeeRule
    money_rule: MoneyRule
    return_origins: tuple[str, ...]
    frame_origins: tuple[str, ...]
    created_at: Instant
    updated_at: Instant


class Scope(StrEnum):
    """What an API key may do."""

    LINKS = "links"
    PAYMENTS = "payments"
    REFUNDS = "refunds"
    TILL = "till"
    ADMIN = "admin"


DEFAULT_SCOPES = (Scope.LINKS, Scope.PAYMENTS, Scope.REFUNDS, Scope.ADMIN)


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it can be shown afterwards. The key itself is shown once and kept as a hash."""

    id: str
    merchant_id: int
    test: bool
    last_four: str
    scopes: tuple[Scope, ...]
    created_at: Instant
    revoked_at: Instant | None


class Identity(msgspec.Struct, frozen=True):
    """Who calls, as far as the key tells."""

    key_id: str
    tenant: Tenant
    scopes: frozenset[Scope]
    paused: bool


class AccountStatus(StrEnum):
    """`off`: this installation does not work with the acquirer at the moment."""

    ACTIVE = "active"
    OFF = "off"
    DISABLED = "disabled"


class Account(msgspec.Struct, frozen=True):
    """A merchant's account at an acquirer. `token` is in its notification address; `currencies`
    None: whatever its methods exist in."""

    id: str
    merchant_id: int
    test: bool
    provider: str
    token: str
    sealed: str
    methods: tuple[str, ...]
    currencies: tuple[str, ...] | None
    status: AccountStatus
    created_at: Instant

    def takes(self, method: str, currency: str) -> bool:
        exists_in = METHOD_CURRENCIES.get(method, (currency,))
        holds = self.currencies is None or currency in self.currencies
        return method in self.methods and currency in exists_in and holds


METHODS = ("card", "sbp", "lightning", "transfer")
"""Every payment method that a link may name."""

METHOD_CURRENCIES = {"sbp": frozenset({"RUB"}), "transfer": frozenset({"RUB", "EUR"})}
"""Methods that exist in some currencies only. SBP is the Russian Faster Payments System; a bank
reads a transfer's code in roubles and in euros."""

BY_HAND = frozenset({"transfer"})
"""Methods whose money no acquirer tells of: a person sees it, and confirms it. It takes days, and
only a person can send it back."""


class WebhookTarget(msgspec.Struct, frozen=True):
    """Where a merchant's webhooks go, and the secrets that sign: the current one first."""

    notify_url: str | None
    secrets: tuple[str, ...]
