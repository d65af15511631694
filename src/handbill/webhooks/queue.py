"""The next deliveries to be sent, with everything that their sending needs.

One transaction for many: claimed, put in order, addressed. What nothing can be sent for any more is
ended here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.infra.database import Tx
from handbill.kernel.clock import MINUTE
from handbill.merchants import store as merchants
from handbill.webhooks import bodies, endpoint_store, store
from handbill.webhooks.model import Delivery, DeliveryStatus

ORDER_WAIT_MAX = MINUTE
ORDER_WAIT_STEP = 500


class Claimed(msgspec.Struct, frozen=True):
    """Ours until its lease runs out. `sealed` are the secrets that sign it."""

    delivery: Delivery
    sealed: tuple[str, ...]


def claim(tx: Tx, limit: int) -> list[Claimed]:
    """At most `limit` that are due, in order: a later event of an object waits a minute at most for
    an earlier one."""
    taken = store.claim(tx, limit)
    patient = _patient(tx, taken)
    waiting = store.behind_another(tx, patient) if patient else set()
    for delivery in taken:
        if delivery.id in waiting:
            patience_ends = delivery.created_at + ORDER_WAIT_MAX
            store.put_back(tx, delivery, min(tx.now + ORDER_WAIT_STEP, patience_ends))
    return _addressed(tx, [delivery for delivery in taken if delivery.id not in waiting])


def _patient(tx: Tx, taken: Sequence[Delivery]) -> list[str]:
    return [
        delivery.id
        for delivery in taken
        if delivery.object_sequence > 1 and tx.now < delivery.created_at + ORDER_WAIT_MAX
    ]


def _addressed(tx: Tx, taken: Sequence[Delivery]) -> list[Claimed]:
    owners = {one.merchant_id for one in taken if one.endpoint_id is None}
    own = merchants.live_secrets(tx, owners) if owners else {}
    wanted = {one.endpoint_id for one in taken if one.endpoint_id is not None}
    addresses = endpoint_store.addresses(tx, wanted) if wanted else {}
    found = []
    for delivery in taken:
        if not delivery.body:
            delivery = msgspec.structs.replace(delivery, body=bodies.body_of(tx, delivery))
        if delivery.endpoint_id is None:
            found.append(Claimed(delivery, tuple(own[delivery.merchant_id])))
            continue
        address = addresses.get(delivery.endpoint_id)
        if address is None:  # deleted or disabled meanwhile
            store.save(tx, _ended(delivery))
            continue
        if address.url != delivery.url:
            store.move(tx, delivery.id, address.url)
            delivery = msgspec.structs.replace(delivery, url=address.url)
        found.append(Claimed(delivery, address.sealed))
    return found


def _ended(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(delivery, status=DeliveryStatus.EXHAUSTED, next_at=None)
