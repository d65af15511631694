"""What a rehearsal stands on: a test link, and the account at the sandbox acquirer that it is paid
through."""

from __future__ import annotations

import msgspec

from handbill.bootstrap import premises
from handbill.bootstrap.first_start import SANDBOX
from handbill.bootstrap.rehearsal import plan as plans
from handbill.bootstrap.rehearsal.plan import Plan
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.errors import Conflict, Invalid
from handbill.kernel.money import Money
from handbill.links import service as links
from handbill.links import store as link_store
from handbill.links.model import AmountType, CaptureMode, Link, PayConfig, Terms
from handbill.merchants import store as merchants
from handbill.merchants.model import Tenant
from handbill.payments import refunding
from handbill.payments import store as payments


class Stage(msgspec.Struct, frozen=True):
    """`secret_key` is the merchant's at the acquirer."""

    link: Link
    method: str
    amount: Money
    secret_key: str

    @property
    def two_stages(self) -> bool:
        return self.link.pay_config.capture is CaptureMode.MANUAL


def merchant_of(tx: Tx, link_id: str | None) -> int:
    """Whose link it is, or else the first merchant. Raises Invalid, or Conflict without any."""
    return _tenant(tx, _given(tx, link_id)).merchant_id


def furnish(tx: Tx, crypto: Crypto, plan: Plan) -> Stage:
    """Under the merchant's lock. Raises Invalid, or Conflict where the sandbox acquirer is not
    switched on."""
    method = plans.method_of(plan)
    given = _given(tx, plan.link_id)
    if given and plan.amount_minor is not None and given.amount_type is AmountType.FIXED:
        raise Invalid({"--amount": ["is for links whose payer types the amount"]})
    tenant = _tenant(tx, given)
    key = _key(tx, crypto, tenant)
    link = given or _made(tx, tenant, plan, method)
    amount = Money(plan.amount_minor or link.amount_minor or plans.AMOUNT_MINOR, link.currency)
    return Stage(link, method, amount, key)


def secret_key(tx: Tx, crypto: Crypto, link_id: str | None) -> str:
    """Of the link's merchant, or of the first one. Raises as `furnish` does."""
    return _key(tx, crypto, _tenant(tx, _given(tx, link_id)))


def refund(tx: Tx, payment_id: str) -> None:
    """The merchant gives all of it back. The server sends it."""
    refunding.open_refund(tx, payments.get(tx, payment_id), None, None, at_once=True)


def _given(tx: Tx, link_id: str | None) -> Link | None:
    if link_id is None:
        return None
    known = ids.parse_id(link_id)
    link = link_store.find_for_page(tx, known) if known else None
    if link is None or not link.test:
        raise Invalid({"--link": ["must be the id of a test link of this installation"]})
    return link


def _made(tx: Tx, tenant: Tenant, plan: Plan, method: str) -> Link:
    name = plan.scenario.name
    terms = Terms(
        amount_type=AmountType.FIXED,
        amount_minor=plan.amount_minor or plans.AMOUNT_MINOR,
        currency="RUB",
        pay_config=PayConfig(methods=(method,)),
        title=f"Rehearsal: {name}",
        metadata={"sandbox_scenario": name},
    )
    return links.create(tx, tenant, terms, [], ()).full.link


def _tenant(tx: Tx, link: Link | None) -> Tenant:
    if link is not None:
        return Tenant(link.merchant_id, True)
    found = merchants.list_merchants(tx, 1)
    if not found:
        raise Conflict("There is no merchant yet: make one with handbill merchants create.")
    return Tenant(found[0].id, True)


def _key(tx: Tx, crypto: Crypto, tenant: Tenant) -> str:
    premises.check_key(tx, crypto)
    for account in merchants.list_accounts(tx, tenant):
        credentials = crypto.unseal(account.sealed) if account.provider == SANDBOX else None
        if isinstance(credentials, dict):
            return str(credentials["secret_key"])
    raise Conflict("The sandbox acquirer is switched off here: start handbill serve --sandbox.")
