"""Which function does which kind of job. A test fails on a kind without one."""

from __future__ import annotations

from handbill.inbox import PROCESS, Inbox
from handbill.infra.jobs import Handler
from handbill.links import ends
from handbill.payments import opening, service
from handbill.payments.start import Payments
from handbill.webhooks.delivery import DELIVER, Deliveries


def table(payments: Payments, inbox: Inbox, deliveries: Deliveries) -> dict[str, Handler]:
    return {
        ends.CLOSE_EXPIRED: ends.close_expired,
        opening.RECONCILE: payments.reconcile,
        service.GIVE_UP: payments.give_up,
        PROCESS: inbox.process,
        DELIVER: deliveries.deliver,
    }
