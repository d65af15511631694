"""What the tills of a merchant work with: their currency, and the PIN that gives money back.

One row for each mode in the table `tills`, apart from the merchant's own: a mistyped PIN must not
make every pay page anew. The PIN is kept as a keyed hash; see decision 20.
"""

from __future__ import annotations

import hmac
import re
from enum import StrEnum

import msgspec
import structlog

from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel.clock import MINUTE, Instant
from handbill.kernel.errors import Invalid
from handbill.kernel.money import currency_fault
from handbill.merchants.model import Tenant

log = structlog.get_logger()

CURRENCY = "RUB"
"""Until somebody says another; that of products, too."""
TRIES_MAX = 5
LOCKED = 15 * MINUTE
_PURPOSE = "pin of a till"
_PIN = re.compile(r"[0-9]{4,8}")


class Till(msgspec.Struct, frozen=True):
    """`wrong_pins`: how many in a row. While it is locked, the right PIN is refused, too."""

    currency: str = CURRENCY
    pin_hash: str | None = None
    wrong_pins: int = 0
    locked_until: Instant | None = None


class PinVerdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    UNSET = "unset"


class PinCheck(msgspec.Struct, frozen=True):
    """`tries_left` where it was wrong, `free_at` where it is locked."""

    verdict: PinVerdict
    tries_left: int = 0
    free_at: Instant | None = None


def get(tx: Tx, tenant: Tenant) -> Till:
    found = tx.find(
        Till,
        "SELECT currency, pin_hash, wrong_pins, locked_until FROM tills"
        " WHERE merchant_id = :merchant_id AND test = :test",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
    return found or Till()


def set_currency(tx: Tx, tenant: Tenant, currency: str) -> None:
    """Raises Invalid."""
    if words := currency_fault(currency):
        raise Invalid({"till_currency": [words]})
    _save(tx, tenant, msgspec.structs.replace(get(tx, tenant), currency=currency))


def set_pin(tx: Tx, crypto: Crypto, tenant: Tenant, pin: str | None) -> None:
    """None: no till gives anything back. A new PIN ends a lock. Raises Invalid."""
    if pin is not None and not _PIN.fullmatch(pin):
        raise Invalid({"till_pin": ["must have 4 to 8 digits"]})
    hashed = _hash(crypto, tenant, pin) if pin is not None else None
    _save(tx, tenant, Till(currency=get(tx, tenant).currency, pin_hash=hashed))


def check_pin(tx: Tx, crypto: Crypto, tenant: Tenant, pin: str) -> PinCheck:
    """Counts what is wrong, so its caller must commit: it returns a refusal and never raises one.

    Five wrong ones in a row lock the PIN of the merchant, at whichever till they were typed.
    """
    till = get(tx, tenant)
    if till.pin_hash is None:
        return PinCheck(PinVerdict.UNSET)
    if till.locked_until is not None and tx.now < till.locked_until:
        return PinCheck(PinVerdict.LOCKED, free_at=till.locked_until)
    if hmac.compare_digest(till.pin_hash, _hash(crypto, tenant, pin)):
        if till.wrong_pins:
            _save(tx, tenant, msgspec.structs.replace(till, wrong_pins=0, locked_until=None))
        return PinCheck(PinVerdict.RIGHT)
    wrong = till.wrong_pins + 1
    free_at = tx.now + LOCKED if wrong == TRIES_MAX else None
    counted = 0 if free_at else wrong
    _save(tx, tenant, msgspec.structs.replace(till, wrong_pins=counted, locked_until=free_at))
    if free_at:
        log.warning("till_pin_locked", merchant=tenant.merchant_id, test=tenant.test)
        return PinCheck(PinVerdict.LOCKED, free_at=free_at)
    return PinCheck(PinVerdict.WRONG, tries_left=TRIES_MAX - wrong)


def _hash(crypto: Crypto, tenant: Tenant, pin: str) -> str:
    return crypto.derived(_PURPOSE, f"{tenant.merchant_id}:{tenant.test}:{pin}").hex()


def _save(tx: Tx, tenant: Tenant, till: Till) -> None:
    tx.run(
        "INSERT INTO tills (merchant_id, test, currency, pin_hash, wrong_pins, locked_until)"
        " VALUES (:merchant_id, :test, :currency, :pin_hash, :wrong_pins, :locked_until)"
        " ON CONFLICT (merchant_id, test) DO UPDATE SET currency = excluded.currency,"
        " pin_hash = excluded.pin_hash, wrong_pins = excluded.wrong_pins,"
        " locked_until = excluded.locked_until",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        **msgspec.structs.asdict(till),
    )
