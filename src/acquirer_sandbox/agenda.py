"""What the acquirer will do later for one shop, and the shop's clock.

Moving the clock brings everything that waits nearer: deadlines, holds, steps, repeated
notifications. It leaves no offset behind, so that what comes afterwards begins at the real time,
which its shop and its signatures live by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acquirer_sandbox import store
from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant


def plan(tx: Tx, kind: str, shop_id: str, payload: Mapping[str, Any], at: Instant) -> None:
    jobs.add(tx, kind, payload, due_at=at, key=_prefix(shop_id) + ids.new_id(tx.now))


def advance(tx: Tx, shop_id: str, milliseconds: int) -> None:
    """All that waits for this shop comes nearer by so much; what is due then happens at once."""
    store.hasten_deadlines(tx, shop_id, milliseconds)
    jobs.hasten(tx, _prefix(shop_id), milliseconds)


def _prefix(shop_id: str) -> str:
    return f"sandbox:{shop_id}:"
