"""What can be done with a merchant: made, changed, paused, its webhook secret rotated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from handbill.infra.crypto import Crypto, webhook_secret
from handbill.infra.database import Tx
from handbill.kernel import ids, states
from handbill.kernel.clock import DAY
from handbill.kernel.errors import Faults, Invalid, NotFound
from handbill.kernel.money import currency_fault
from handbill.merchants import keys, store
from handbill.merchants.model import Merchant, MerchantStatus, WebhookTarget

NAME_MAX = 200
ORIGINS_MAX = 20
FRAME_ORIGINS_MAX = 10
SECRET_OVERLAP = DAY
_COLOR = re.compile("#[0-9a-f]{6}")
_SITE = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?")
_NAME_WORDS = f"must have 1 to {NAME_MAX} characters"

STATES = {
    MerchantStatus.ACTIVE: {MerchantStatus.PAUSED},
    MerchantStatus.PAUSED: {MerchantStatus.ACTIVE},
}


class NewMerchant(msgspec.Struct, frozen=True):
    """Shown once: keys and secret are not kept in a form that people can read back."""

    id: int
    name: str
    api_keys: dict[str, str]
    webhook_secret: str


def create(tx: Tx, crypto: Crypto, name: str, notify_url: str | None) -> NewMerchant:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX:
        raise Invalid({"name": [_NAME_WORDS]})
    merchant_id = store.add_merchant(tx, name, notify_url)
    api_keys = {
        mode: keys.create(tx, crypto, merchant_id, test=mode == "test")[1]
        for mode in ("test", "live")
    }
    secret = _add_secret(tx, crypto, merchant_id)
    return NewMerchant(merchant_id, name, api_keys, secret)


def get(tx: Tx, merchant_id: int) -> Merchant:
    merchant = store.find_merchant(tx, merchant_id)
    if merchant is None:
        raise NotFound("There is no such merchant.")
    return merchant


def change(tx: Tx, merchant_id: int, changes: Mapping[str, Any]) -> Merchant:
    """`changes` are fields of Merchant with values of their types."""
    before = get(tx, merchant_id)
    # Also twice in a millisecond: pages that are kept know their version by it.
    updated_at = max(tx.now, before.updated_at + 1)
    merchant = msgspec.structs.replace(before, updated_at=updated_at, **changes)
    faults = _faults(merchant)
    if faults:
        raise Invalid(faults)
    store.save_merchant(tx, merchant)
    return merchant


def set_paused(tx: Tx, merchant_id: int, *, paused: bool) -> Merchant:
    """A paused merchant's keys are refused and its links cannot be paid."""
    merchant = get(tx, merchant_id)
    to = MerchantStatus.PAUSED if paused else MerchantStatus.ACTIVE
    if states.advance(STATES, merchant.status, to):
        return change(tx, merchant_id, {"status": to})
    return merchant


def rotate_secret(tx: Tx, crypto: Crypto, merchant_id: int) -> str:
    """A new secret; the old one signs beside it for 24 hours."""
    store.expire_secrets(tx, merchant_id, tx.now + SECRET_OVERLAP)
    return _add_secret(tx, crypto, merchant_id)


def webhook_target(tx: Tx, crypto: Crypto, merchant_id: int) -> WebhookTarget:
    sealed = store.live_secrets(tx, [merchant_id])[merchant_id]
    secrets = tuple(str(crypto.unseal(one)) for one in sealed)
    return WebhookTarget(get(tx, merchant_id).notify_url, secrets)


def _add_secret(tx: Tx, crypto: Crypto, merchant_id: int) -> str:
    secret = webhook_secret()
    store.add_secret(tx, ids.new_id(tx.now), merchant_id, crypto.seal(secret))
    return secret


def _faults(merchant: Merchant) -> Faults:
    faults: Faults = {}
    if not 1 <= len(merchant.name.strip()) <= NAME_MAX:
        faults["name"] = [_NAME_WORDS]
    faults |= _list_faults("return_origins", merchant.return_origins, ORIGINS_MAX, _is_origin)
    faults |= _list_faults("frame_origins", merchant.frame_origins, FRAME_ORIGINS_MAX, _is_site)
    if merchant.color is not None and not _COLOR.fullmatch(merchant.color):
        faults["color"] = ["must be a colour such as #0b5b48"]
    for side in ("payer", "merchant"):
        for code in getattr(merchant.fee_rule, side).fixed:
            if words := currency_fault(code):
                faults[f"fee_rule.{side}.fixed.{code}"] = [words]
    return faults


def _list_faults(
    name: str, origins: tuple[str, ...], most: int, fits: Callable[[str], bool]
) -> Faults:
    faults: Faults = {}
    if len(origins) > most:
        faults[name] = [f"must have at most {most} entries"]
    for i, origin in enumerate(origins[:most]):
        if not fits(origin):
            faults[f"{name}.{i}"] = ["must be an origin such as https://shop.example"]
    return faults


def _is_origin(text: str) -> bool:
    """As `links.rules` writes the origin of a return address, or the two would never meet."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return bool(host) and text == f"https://{name}" + (f":{port}" if port and port != 443 else "")


def _is_site(text: str) -> bool:
    """An origin that a header can name: in ASCII, without a bracket or a wildcard."""
    return _SITE.fullmatch(text) is not None and _is_origin(text)
