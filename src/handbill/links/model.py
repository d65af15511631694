"""What a link is, how its status moves, and what is wrong with terms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from handbill.catalog.products import Product
from handbill.kernel.clock import Instant
from handbill.kernel.errors import Faults
from handbill.kernel.languages import LanguageCode
from handbill.kernel.money import AMOUNT_MAX, Money, currency_fault
from handbill.links import asked
from handbill.merchants.model import METHODS

TITLE_MAX = 200
DESCRIPTION_MAX = 2_000
URL_MAX = 2_048
PRODUCTS_MAX = 20
METHODS_MAX = 16
METADATA_MAX = 16
METADATA_KEY_MAX = 40
METADATA_VALUE_MAX = 500
PAYMENTS_MAX = 1_000_000_000


class AmountType(StrEnum):
    FIXED = "fixed"
    DYNAMIC = "dynamic"


class LinkStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class ClosedReason(StrEnum):
    """Why a link is closed."""

    LIMIT_REACHED = "limit_reached"
    EXPIRED = "expired"
    DELETED = "deleted"


# A closed link opens again when its limit or its time is moved: codes are printed once.
STATES = {
    LinkStatus.ACTIVE: {LinkStatus.PAUSED, LinkStatus.CLOSED},
    LinkStatus.PAUSED: {LinkStatus.ACTIVE, LinkStatus.CLOSED},
    LinkStatus.CLOSED: {LinkStatus.ACTIVE},
}


GONE = frozenset({"closed", "deleted", "expired", "full", "used"})
"""The ends (see `end_of`) that a link does not leave by itself."""


class Label(StrEnum):
    """What the button says."""

    PAY = "pay"
    DONATE = "donate"
    BOOK = "book"
    ORDER = "order"


class CaptureMode(StrEnum):
    """When a payer's money is taken: at once, or when the merchant captures it."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class PayConfig(asked.Asked, frozen=True, omit_defaults=True):
    """As the merchant gave it. No methods: all that the merchant's accounts offer. No `lang`: each
    payer's own language."""

    methods: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    label: Label | msgspec.UnsetType = msgspec.UNSET
    capture: CaptureMode | msgspec.UnsetType = msgspec.UNSET
    lang: LanguageCode | msgspec.UnsetType = msgspec.UNSET


class Terms(msgspec.Struct, frozen=True):
    """Everything that a merchant decides about a link. Amounts in minor units of `currency`;
    `image` is the key of an upload."""

    amount_type: AmountType
    amount_minor: int
    currency: str
    pay_config: PayConfig = PayConfig()
    min_minor: int | None = None
    max_minor: int | None = None
    title: str | None = None
    description: str | None = None
    image: str | None = None
    max_payments: int | None = None
    expires_at: Instant | None = None
    notify_url: str | None = None
    return_url: str | None = None
    fail_url: str | None = None
    closed_message: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class Link(msgspec.Struct, frozen=True):
    """A stored link. `version` grows with every change that its page shows."""

    id: str
    merchant_id: int
    test: bool
    code: str
    product_id: str | None
    amount_type: AmountType
    amount_minor: int
    min_minor: int | None
    max_minor: int | None
    currency: str
    pay_config: PayConfig
    title: str | None
    description: str | None
    image: str | None
    status: LinkStatus
    status_reason: ClosedReason | None
    max_payments: int | None
    payments_count: int
    expires_at: Instant | None
    notify_url: str | None
    return_url: str | None
    fail_url: str | None
    closed_message: str | None
    metadata: dict[str, str]
    version: int
    created_at: Instant
    updated_at: Instant
    deleted_at: Instant | None

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def lang(self) -> LanguageCode | None:
        """The language that its page speaks, where the merchant chose one."""
        return self.pay_config.lang or None

    @property
    def terms(self) -> Terms:
        return Terms(**{name: getattr(self, name) for name in Terms.__struct_fields__})


class LinkWithProducts(msgspec.Struct, frozen=True):
    """A link and what is attached to it, in the merchant's order."""

    link: Link
    products: tuple[Product, ...] = ()

    @property
    def products_total(self) -> int:
        return sum(product.amount.minor for product in self.products)

    @property
    def lines_add_up(self) -> bool:
        """Whether the page may show prices: they must sum to what is paid."""
        return (
            bool(self.products)
            and self.link.amount_type is AmountType.FIXED
            and self.products_total == self.link.amount_minor
        )

    def without_quantities(self) -> LinkWithProducts:
        """For a payer to whom the merchant has named an amount."""
        config = msgspec.structs.replace(self.link.pay_config, quantity_max=None)
        return LinkWithProducts(
            msgspec.structs.replace(self.link, pay_config=config), self.products
        )

    @property
    def quantity_max(self) -> int | None:
        """How many of each product a payer may choose. None: no choice, or one that the products,
        which were changed since, no longer allow."""
        return self.link.pay_config.quantity_max if self.lines_add_up else None


def is_reusable(link: Link) -> bool:
    return link.max_payments is None


def is_full(link: Link) -> bool:
    """Whether all the payments that it may have were charged."""
    return link.max_payments is not None and link.payments_count >= link.max_payments


def end_of(link: Link, now: Instant) -> str | None:
    """Why nobody can pay this link now, as the name of its end state; None while it is open.

    The clock decides about expiry, not the job that closes the link afterwards.
    """
    if link.deleted_at is not None:
        return "deleted"
    if link.expires_at is not None and link.expires_at <= now:
        return "expired"
    if is_full(link):
        return "used" if link.max_payments == 1 else "full"
    if link.status is LinkStatus.PAUSED:
        return "paused"
    return "closed" if link.status is LinkStatus.CLOSED else None


def faults(terms: Terms) -> Faults:
    """What is wrong with the terms, by the API's field names. Empty when all is well."""
    found = _amount_faults(terms)
    texts: Sequence[tuple[str, str | None, int]] = (
        ("title", terms.title, TITLE_MAX),
        ("description", terms.description, DESCRIPTION_MAX),
        ("closed_message", terms.closed_message, DESCRIPTION_MAX),
    )
    for name, text, longest in texts:
        if text is not None and len(text) > longest:
            found[name] = [f"must be at most {longest} characters"]
    if terms.max_payments is not None and not 1 <= terms.max_payments <= PAYMENTS_MAX:
        found["max_payments"] = [f"must be from 1 to {PAYMENTS_MAX}, or null"]
    methods = terms.pay_config.methods or ()
    if len(methods) > METHODS_MAX:
        found["pay_config.methods"] = [f"must have at most {METHODS_MAX} entries"]
    for i, method in enumerate(methods[:METHODS_MAX]):
        if method not in METHODS:
            found[f"pay_config.methods.{i}"] = ["must be one of: " + ", ".join(METHODS)]
    found.update(_asked_faults(terms))
    found.update(metadata_faults(terms.metadata))
    return found


def _asked_faults(terms: Terms) -> Faults:
    config = terms.pay_config
    found = asked.faults(
        config,
        fixed=terms.amount_type is AmountType.FIXED,
        low=terms.min_minor or 1,
        high=terms.max_minor or AMOUNT_MAX,
        keys=terms.metadata,
    )
    if config.field is not None and len(terms.metadata) == METADATA_MAX:
        found["metadata"] = [f"must have at most {METADATA_MAX - 1} keys beside pay_config.field"]
    return found


def metadata_faults(metadata: dict[str, Any]) -> Faults:
    found: Faults = {}
    if len(metadata) > METADATA_MAX:
        found["metadata"] = [f"must have at most {METADATA_MAX} keys"]
    for key, value in list(metadata.items())[:METADATA_MAX]:
        if not 1 <= len(key) <= METADATA_KEY_MAX:
            found["metadata"] = [f"keys must have 1 to {METADATA_KEY_MAX} characters"]
        elif len(value) > METADATA_VALUE_MAX:
            found[f"metadata.{key}"] = [f"must be at most {METADATA_VALUE_MAX} characters"]
    return found


def _amount_faults(terms: Terms) -> Faults:
    found: Faults = {}
    if words := currency_fault(terms.currency):
        found["amount.currency"] = [words]
    lowest = 1 if terms.amount_type is AmountType.FIXED else 0
    if not lowest <= terms.amount_minor <= AMOUNT_MAX:
        found["amount.default"] = [f"must be from {lowest} to {AMOUNT_MAX}"]
    for name, value in (("amount.min", terms.min_minor), ("amount.max", terms.max_minor)):
        if value is None:
            continue
        if terms.amount_type is AmountType.FIXED:
            found[name] = ["is only for links whose amount_type is dynamic"]
        elif not 1 <= value <= AMOUNT_MAX:
            found[name] = [f"must be from 1 to {AMOUNT_MAX}"]
    if found or terms.amount_type is AmountType.FIXED:
        return found
    low, high = terms.min_minor, terms.max_minor
    if low is not None and high is not None and low > high:
        found["amount.min"] = ["must not be above amount.max"]
    elif terms.amount_minor and low is not None and terms.amount_minor < low:
        found["amount.default"] = ["must not be below amount.min"]
    elif terms.amount_minor and high is not None and terms.amount_minor > high:
        found["amount.default"] = ["must not be above amount.max"]
    return found
