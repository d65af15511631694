"""Table `notice_channels`."""

from __future__ import annotations

import msgspec

from handbill.infra.database import Tx
from handbill.infra.paging import Page, Position, cut
from handbill.merchants.model import Tenant
from handbill.notices.model import Channel, ChannelStatus

_NAMES = (
    *("id", "merchant_id", "test", "kind", "target", "sealed", "events_json", "lang", "status"),
    *("status_reason", "failing_since", "failures", "last_error", "last_sent_at", "minute_at"),
    *("minute_count", "after_sequence", "created_at", "updated_at"),
)
_FIXED = ("id", "merchant_id", "test", "kind", "created_at")
_CHANNEL = f"SELECT {', '.join(_NAMES)} FROM notice_channels"
_INSERT = (
    f"INSERT INTO notice_channels ({', '.join(_NAMES)})"
    f" VALUES ({', '.join(':' + name for name in _NAMES)})"
)
_UPDATE = (
    f"UPDATE notice_channels SET {', '.join(f'{n} = :{n}' for n in _NAMES if n not in _FIXED)}"
    " WHERE id = :id AND merchant_id = :merchant_id"
)
_MINE = "merchant_id = :merchant_id AND test = :test"
_ENABLED = str(ChannelStatus.ENABLED)
BEHIND_READ_MAX = 1_000


def add(tx: Tx, channel: Channel) -> None:
    tx.run(_INSERT, **_columns(channel))


def save(tx: Tx, channel: Channel) -> None:
    tx.run(_UPDATE, **_columns(channel))


def delete(tx: Tx, channel_id: str) -> None:
    tx.run("DELETE FROM notice_channels WHERE id = :id", id=channel_id)


def find(tx: Tx, tenant: Tenant, channel_id: str) -> Channel | None:
    return tx.find(
        Channel,
        f"{_CHANNEL} WHERE id = :id AND {_MINE}",
        id=channel_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )


def find_any(tx: Tx, channel_id: str) -> Channel | None:
    """Of whichever merchant: for what goes on by itself."""
    return tx.find(Channel, f"{_CHANNEL} WHERE id = :id", id=channel_id)


def lock(tx: Tx, channel_id: str) -> Channel | None:
    """As it is now, and nobody else changes it before this transaction ends."""
    return tx.find(Channel, f"{_CHANNEL} WHERE id = :id FOR UPDATE", id=channel_id)


def list_page(tx: Tx, tenant: Tenant, after: Position | None, limit: int) -> Page[Channel]:
    """Newest first."""
    clause, place = "", {}
    if after is not None:
        clause = " AND (created_at, id) < (:after_at, :after_id)"
        place = {"after_at": after.created_at, "after_id": after.id}
    found = tx.all(
        Channel,
        f"{_CHANNEL} WHERE {_MINE}{clause} ORDER BY created_at DESC, id DESC LIMIT :limit",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        limit=limit + 1,
        **place,
    )
    return cut(found, limit)


def count(tx: Tx, tenant: Tenant) -> int:
    number: int = tx.value(
        f"SELECT COUNT(*) FROM notice_channels WHERE {_MINE}",
        merchant_id=tenant.merchant_id,
        test=tenant.test,
    )
    return number


class Reached(msgspec.Struct, frozen=True):
    """How far an enabled channel has told its merchant's events."""

    id: str
    merchant_id: int
    after_sequence: int


def reached(tx: Tx, after: str) -> list[Reached]:
    """The next enabled channels beyond the id `after`, in the order of their ids. Not those that
    fail: their job waits for them already."""
    return tx.all(
        Reached,
        "SELECT id, merchant_id, after_sequence FROM notice_channels"
        " WHERE status = :enabled AND failures = 0 AND id > :after ORDER BY id LIMIT :limit",
        enabled=_ENABLED,
        after=after,
        limit=BEHIND_READ_MAX,
    )


def _columns(channel: Channel) -> dict[str, object]:
    plain = {name: getattr(channel, name.removesuffix("_json")) for name in _NAMES}
    reason = channel.status_reason
    return {
        **plain,
        "kind": str(channel.kind),
        "status": str(channel.status),
        "status_reason": None if reason is None else str(reason),
    }
