"""What a payer is offered at an address: read in one snapshot, decided nowhere else."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.kernel.errors import NotFound
from handbill.kernel.money import Money
from handbill.links import model, scanned, service, store
from handbill.links.model import AmountType, Link, LinkWithProducts
from handbill.links.personal import Personal
from handbill.links.scanned import Scanned
from handbill.merchants import accounts
from handbill.merchants import service as merchants
from handbill.merchants.fees import Amounts, derive
from handbill.merchants.model import Account, Merchant, MerchantStatus, Tenant


class Offer(msgspec.Struct, frozen=True):
    """`end` names the end state, or is None while the link can be paid. `amounts` is None where the
    payer types the amount. `free_at`: when a place that another payer holds is free again.
    `personal`: what the address says beyond the link's own; `scanned`: the code that led there, at
    whose address the page is."""

    full: LinkWithProducts
    merchant: Merchant
    methods: tuple[tuple[str, Account], ...]
    amounts: Amounts | None
    end: str | None
    free_at: Instant | None = None
    personal: Personal | None = None
    scanned: Scanned | None = None

    @property
    def link(self) -> Link:
        return self.full.link

    @property
    def code(self) -> str:
        """By which payers come to the page: the one that was scanned, or else the link's own."""
        return self.scanned.code if self.scanned is not None else self.link.code

    @property
    def is_over(self) -> bool:
        """Whether the link itself, and not only a personal address of it, stays as it is."""
        return self.end in model.GONE


class Version(msgspec.Struct, frozen=True):
    """Two readings with equal versions make the same page, as long as the link can be paid."""

    link_id: str
    link: int
    merchant: Instant
    paper: Money | None = None


def version_of(offer: Offer) -> Version:
    paper = offer.scanned.stale_price if offer.scanned is not None else None
    return Version(offer.link.id, offer.link.version, offer.merchant.updated_at, paper)


def glance(tx: Tx, link_id: str, code: str | None = None) -> tuple[Version, str | None]:
    """The version of an address's page and the link's end, without reading what is on the page.
    `code`: of an address at a code, which may lead to another link by now.

    Raises NotFound. Places that others hold are not looked at: see `Link.max_payments`.
    """
    found = scanned.find(tx, code) if code is not None else None
    link = found.link if found is not None else store.find_for_page(tx, link_id)
    if link is None:
        raise NotFound("There is no such link.")
    merchant = merchants.get(tx, link.merchant_id)
    paper = found.stale_price if found is not None else None
    version = Version(link.id, link.version, merchant.updated_at, paper)
    end = _end(tx, link, merchant)
    if end is None and link.max_payments is not None:
        end = "limited"  # who may pay depends on who asks: never answered from what is kept
    return version, end


def read(
    tx: Tx,
    link_id: str,
    payment_id: str = "",
    asked: Personal | None = None,
    at: Scanned | None = None,
) -> Offer:
    """For a payer whose open payment, if any, is `payment_id`: its place is not in their way.
    `asked`: the personal address at which they ask; `at`: the code at whose address they do."""
    link = store.find_for_page(tx, link_id)
    if link is None:
        raise NotFound("There is no such link.")
    tenant = Tenant(link.merchant_id, link.test)
    merchant = merchants.get(tx, link.merchant_id)
    offered = accounts.offered(tx, tenant, link.currency)
    named = dict.fromkeys(link.pay_config.methods or offered)  # one button for each, in order
    methods = tuple((name, offered[name]) for name in named if name in offered)
    end, free_at = _end(tx, link, merchant), None
    if end is None and asked is not None:
        end = asked.prefill.end_on(link, tx.now)
    if end is None and link.max_payments is not None:
        others = store.places_taken(tx, link.id, payment_id)
        if link.payments_count + others >= link.max_payments:
            end, free_at = "taken", store.next_free_at(tx, link.id)
    if end is None and not methods:
        end = "not_open_yet"
    full = service.with_products(tx, tenant, [link])[0]
    amount = asked.prefill.amount if asked is not None else None
    if amount is not None:
        full = full.without_quantities()
    if amount is None and link.amount_type is AmountType.FIXED:
        amount = link.amount
    return Offer(
        full=full,
        merchant=merchant,
        methods=methods,
        amounts=derive(merchant.fee_rule, amount) if amount is not None else None,
        end=end,
        free_at=free_at,
        personal=asked,
        scanned=at,
    )


def _end(tx: Tx, link: Link, merchant: Merchant) -> str | None:
    end = model.end_of(link, tx.now)
    if end is None and merchant.status is MerchantStatus.PAUSED:
        return "paused"
    return end
