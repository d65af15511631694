"""What the database alone can say of how the house is doing. Each question is bounded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from handbill.infra import jobs
from handbill.infra.database import Tx
from handbill.infra.jobs import Due
from handbill.kernel.clock import Instant
from handbill.ledger import glance
from handbill.ledger.glance import Glance
from handbill.payments import store as payments
from handbill.webhooks import relay
from handbill.webhooks import store as deliveries


class Measures(msgspec.Struct, frozen=True):
    """Instants are those of the oldest thing that waits, None where nothing does."""

    unsent_event_at: Instant | None
    open_attempt_at: Instant | None
    delivery_due_at: Instant | None
    jobs: Sequence[Due]
    ledger: Glance


def read(tx: Tx) -> Measures:
    return Measures(
        unsent_event_at=relay.oldest_waiting(tx),
        open_attempt_at=payments.oldest_open(tx),
        delivery_due_at=deliveries.next_due(tx),
        jobs=jobs.due(tx),
        ledger=glance.look(tx),
    )
