"""Which function does which kind of job (a test fails on a kind without one), and which jobs come
back by themselves."""

from __future__ import annotations

from handbill import idempotency
from handbill.inbox import PROCESS, Inbox
from handbill.infra.database import Tx
from handbill.infra.jobs import Handler
from handbill.links import ends
from handbill.merchants.accounts import Acquirers
from handbill.notices import relay
from handbill.notices.telling import Teller
from handbill.payments import giving_up, letters, model, refunding, service
from handbill.payments.reconciling import Reconciler
from handbill.payments.refunds import Refunds
from handbill.privacy import retention
from handbill.privacy.retention import Retention
from handbill.screening import service as screening
from handbill.web.pages.receipt_letters import ReceiptLetters
from handbill.webhooks import replay


def table(
    acquirers: Acquirers,
    inbox: Inbox,
    kept: Retention,
    teller: Teller,
    receipts: ReceiptLetters,
) -> dict[str, Handler]:
    reconciler = Reconciler(acquirers)
    return {
        ends.CLOSE_EXPIRED: ends.close_expired,
        model.RECONCILE: reconciler.reconcile,
        model.LOOK_BACK: reconciler.look_back,
        model.RELEASE: reconciler.release,
        service.GIVE_UP: giving_up.give_up,
        refunding.REFUND: Refunds(acquirers).reconcile,
        letters.SEND: receipts.send,
        screening.SWEEP: screening.sweep,
        PROCESS: inbox.process,
        replay.REPLAY: replay.go_on,
        relay.TELL: teller.tell,
        retention.SWEEP: kept.sweep,
        idempotency.SWEEP: idempotency.sweep,
    }


def schedule(tx: Tx) -> None:
    """The jobs that come back by themselves. At every start: one that waits is left as it is."""
    retention.schedule(tx)
    idempotency.schedule(tx)
