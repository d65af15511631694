"""The merchant behind the key: what is shown of it, where its webhooks go, what it charges."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handbill.catalog import images
from handbill.infra.database import Tx
from handbill.infra.gate import address_fault
from handbill.kernel.clock import iso
from handbill.kernel.errors import Forbidden, Invalid
from handbill.merchants import model, service, store, tills
from handbill.merchants.fees import FeeRule
from handbill.merchants.model import Scope
from handbill.merchants.money_rule import MoneyRule
from handbill.merchants.tills import Till
from handbill.web.api.pictures import key_in
from handbill.web.api.values import Address, Moment
from handbill.web.calls import Call
from handbill.web.operations import Operation
from handbill.web.replies import Reply

TAG = "Merchant"

Line = Annotated[str, Meta(min_length=1, max_length=200)]
TaxId = Annotated[str, Meta(min_length=1, max_length=40)]
Origins = Annotated[
    list[Annotated[str, Meta(max_length=300)]],
    Meta(
        max_length=service.ORIGINS_MAX,
        description="Origins that `return_url` and `fail_url` of live links may have.",
    ),
]
FrameOrigins = Annotated[
    list[Annotated[str, Meta(max_length=300)]],
    Meta(
        max_length=service.FRAME_ORIGINS_MAX,
        description="Sites that may show pay and status pages in a frame.",
    ),
]

Logo = Annotated[
    Address, Meta(description="Of a picture uploaded here; square ones look best on pages.")
]
Color = Annotated[
    str,
    Meta(
        pattern="^#[0-9A-Fa-f]{6}$",
        description="Of buttons and links on your pages. Where it could not be read, pages use a"
        " darker or lighter one of the same hue.",
    ),
]

TillPin = Annotated[
    str,
    Meta(
        pattern="^[0-9]{4,8}$",
        description="Allows refunds at the tills of this mode. Never shown; null: no till refunds.",
    ),
]
TillCurrency = Annotated[str, Meta(description="In which the tills of this mode sell.")]

_OPERATORS = ("return_origins", "fee_rule")
"""Where several merchants share an installation, they do not decide about these themselves."""
_TILLS = ("till_currency", "till_pin")


class MerchantChange(msgspec.Struct, frozen=True, kw_only=True):
    """Absent fields stay as they are; null clears a field that may be empty. Payer fees are
    restricted in the EU, in Russia and by card schemes."""

    name: Line | UnsetType = UNSET
    legal_name: Line | UnsetType | None = UNSET
    tax_id: TaxId | UnsetType | None = UNSET
    support_contact: Line | UnsetType | None = UNSET
    logo: Logo | UnsetType | None = UNSET
    color: Color | UnsetType | None = UNSET
    notify_url: Address | UnsetType | None = UNSET
    return_origins: Origins | UnsetType = UNSET
    frame_origins: FrameOrigins | UnsetType = UNSET
    fee_rule: FeeRule | UnsetType = UNSET
    money_rule: MoneyRule | UnsetType = UNSET
    till_currency: TillCurrency | UnsetType = UNSET
    till_pin: TillPin | UnsetType | None = UNSET


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """Name, tax id, contact and logo stand on every page and receipt. `test` is the mode of
    the key."""

    id: int
    name: str
    legal_name: str | None
    tax_id: str | None
    support_contact: str | None
    logo: Address | None
    color: str | None
    notify_url: Address | None
    return_origins: tuple[str, ...]
    frame_origins: tuple[str, ...]
    fee_rule: FeeRule
    money_rule: MoneyRule
    till_currency: TillCurrency
    till_pin_set: bool
    status: Literal["active", "paused"]
    created: Moment
    updated: Moment
    test: bool


class WebhookSecret(msgspec.Struct, frozen=True):
    """Shown once. The secret before it signs beside it until `previous_until`."""

    webhook_secret: str
    previous_until: Moment


def _show(found: tuple[model.Merchant, Till], call: Call) -> Merchant:
    merchant, till = found
    return Merchant(
        id=merchant.id,
        name=merchant.name,
        legal_name=merchant.legal_name,
        tax_id=merchant.tax_id,
        support_contact=merchant.support_contact,
        logo=None if merchant.logo is None else call.deps.addresses.image(merchant.logo),
        color=merchant.color,
        notify_url=merchant.notify_url,
        return_origins=merchant.return_origins,
        frame_origins=merchant.frame_origins,
        fee_rule=merchant.fee_rule,
        money_rule=merchant.money_rule,
        till_currency=till.currency,
        till_pin_set=till.pin_hash is not None,
        status=merchant.status.value,
        created=iso(merchant.created_at),
        updated=iso(merchant.updated_at),
        test=call.tenant.test,
    )


async def get_merchant(call: Call) -> Merchant:
    return _show(await call.deps.db.point(lambda tx: _read(tx, call)), call)


async def change_merchant(call: Call, body: MerchantChange) -> Reply:
    return await call.write(
        lambda tx: _change(tx, call, body), lambda changed: _show(changed, call)
    )


async def rotate_webhook_secret(call: Call) -> Reply:
    def rotate(tx: Tx) -> WebhookSecret:
        secret = service.rotate_secret(tx, call.deps.crypto, call.tenant.merchant_id)
        return WebhookSecret(secret, iso(tx.now + service.SECRET_OVERLAP))

    return await call.write(rotate, lambda rotated: rotated)


def _read(tx: Tx, call: Call) -> tuple[model.Merchant, Till]:
    return service.get(tx, call.tenant.merchant_id), tills.get(tx, call.tenant)


def _change(tx: Tx, call: Call, body: MerchantChange) -> tuple[model.Merchant, Till]:
    _change_merchant(tx, call, body)
    if body.till_currency is not UNSET:
        tills.set_currency(tx, call.tenant, body.till_currency)
    if body.till_pin is not UNSET:
        tills.set_pin(tx, call.deps.crypto, call.tenant, body.till_pin)
    return _read(tx, call)


def _change_merchant(tx: Tx, call: Call, body: MerchantChange) -> None:
    before = service.get(tx, call.tenant.merchant_id)
    said = msgspec.structs.asdict(body)
    if body.logo is not UNSET:
        said["logo"] = key_in(body.logo, call.deps.addresses)
    if isinstance(body.color, str):
        said["color"] = body.color.lower()
    for name in ("return_origins", "frame_origins"):
        if said[name] is not UNSET:
            said[name] = tuple(said[name])
    changes: dict[str, Any] = {
        name: value
        for name, value in said.items()
        if name not in _TILLS and value is not UNSET and value != getattr(before, name)
    }
    shared = [name for name in _OPERATORS if name in changes]
    if shared and len(store.list_merchants(tx, 2)) > 1:
        names = ", ".join(shared)
        raise Forbidden(f"Several merchants live here: only the operator may change {names}.")
    if (logo := changes.get("logo")) and not images.find(tx, before.id, logo):
        raise Invalid({"logo": ["must be the address of a picture that was uploaded here"]})
    if url := changes.get("notify_url"):
        networks = call.deps.settings.webhook_networks
        if words := address_fault(url, test=call.tenant.test, networks=networks):
            raise Invalid({"notify_url": [words]})
    if changes:
        service.change(tx, before.id, changes)


PATH = "/api/v1/merchant"

OPERATIONS = (
    Operation(
        name="getMerchant",
        method="GET",
        path=PATH,
        tag=TAG,
        summary="Read the merchant of the key",
        handler=get_merchant,
        answer=Merchant,
    ),
    Operation(
        name="changeMerchant",
        method="PATCH",
        path=PATH,
        tag=TAG,
        summary="Change the merchant of the key",
        description="Where several merchants share an installation, `return_origins` and"
        " `fee_rule` are the operator's to change (403).",
        handler=change_merchant,
        scope=Scope.ADMIN,
        body=MerchantChange,
        answer=Merchant,
        example={"notify_url": "https://shop.example/paid"},
    ),
    Operation(
        name="rotateWebhookSecret",
        method="POST",
        path=PATH + "/webhook_secret",
        tag=TAG,
        summary="Replace the webhook secret",
        description="The new secret is shown once. For 24 hours both sign every webhook.",
        handler=rotate_webhook_secret,
        scope=Scope.ADMIN,
        answer=WebhookSecret,
        status=201,
    ),
)
