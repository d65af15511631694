"""Brings a delivery to its address: prepared, sent, judged, each a value of its own.

No transaction is open while the receiver is waited for. A process that dies between sending and
recording sends again, with the same `webhook-id`: at least once, never silently less.
"""

from __future__ import annotations

import time
from random import Random

import msgspec
import structlog

from handbill.infra import jobs
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.infra.outbound import Answer, Outbound, OutboundError
from handbill.kernel import states
from handbill.kernel.clock import MINUTE, SECOND, Instant
from handbill.merchants import service as merchants
from handbill.webhooks import bodies, store
from handbill.webhooks.lanes import Lanes
from handbill.webhooks.model import STATES, Attempt, Delivery, DeliveryStatus
from handbill.webhooks.relay import DELIVER, relay
from handbill.webhooks.signing import signed_headers
from handbill.webhooks.verdict import Delivered, Retry, Verdict, judge

__all__ = ["DELIVER", "Deliveries", "relay"]

TIMEOUT_SECONDS = 15.0
ORDER_WAIT_MAX = MINUTE
ORDER_WAIT_STEP = 500
RESPONSE_MAX = 2_048

log = structlog.get_logger()


class Waiting(msgspec.Struct, frozen=True):
    """Not yet: an earlier event of the same object goes first."""

    until: Instant


class Prepared(msgspec.Struct, frozen=True):
    """Signed for one attempt, at `at`."""

    delivery: Delivery
    headers: dict[str, str]
    at: Instant


class Sent(msgspec.Struct, frozen=True):
    """What came of one attempt. Made only from what was prepared."""

    prepared: Prepared
    result: Answer | OutboundError
    duration_ms: int

    @property
    def ended_at(self) -> Instant:
        return self.prepared.at + self.duration_ms


class Judged(msgspec.Struct, frozen=True):
    """Made only from what was sent."""

    sent: Sent
    verdict: Verdict


class Deliveries:
    """The job handler, with what it remembers between jobs: who runs and who is slow.

    `outbound` is the guarded client.
    """

    def __init__(
        self,
        outbound: Outbound,
        crypto: Crypto,
        *,
        rng: Random | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._outbound = outbound
        self._crypto = crypto
        self._rng = rng or Random()
        self._timeout_seconds = timeout_seconds
        self._lanes = Lanes()

    async def deliver(self, db: Database, job: Job) -> None:
        """One attempt, recorded together with the end of the job or its next time. Without a
        place for it, the job is put back: a host that hangs must not hold the worker."""
        host, entered = job.payload["host"], time.monotonic()
        if not self._lanes.enter(host, entered):
            handed = await self._lanes.wait(host, entered)
            if handed is None:
                away = round(self._lanes.away_seconds(host, time.monotonic()) * SECOND) + 1
                await db.write(lambda tx: jobs.again(tx, job, tx.now + away))
                return
            entered = handed
        try:
            await self._attempt(db, job)
        finally:
            self._lanes.leave(host, entered, time.monotonic())

    async def _attempt(self, db: Database, job: Job) -> None:
        delivery_id = job.payload["delivery_id"]
        step = await db.point(lambda tx: self._prepare(tx, delivery_id))
        if step is None:
            await db.write(lambda tx: jobs.finish(tx, job))
            return
        if isinstance(step, Waiting):
            until = step.until
            await db.write(lambda tx: jobs.again(tx, job, until))
            return
        sent = await self._send(step)
        number = step.delivery.attempts + 1
        judged = Judged(sent, judge(sent.result, number, sent.ended_at, self._rng))
        await db.write(lambda tx: _record(tx, job, judged), merchant=step.delivery.merchant_id)
        log.info(
            "webhook_attempted",
            delivery=step.delivery.id,
            number=number,
            verdict=type(judged.verdict).__name__.lower(),
            answer=sent.result.status if isinstance(sent.result, Answer) else str(sent.result),
            duration_ms=sent.duration_ms,
        )

    def _prepare(self, tx: Tx, delivery_id: str) -> Prepared | Waiting | None:
        """None: nothing is left to do."""
        delivery = store.find(tx, delivery_id)
        if delivery is None or delivery.status is not DeliveryStatus.PENDING:
            return None
        patience_ends = delivery.created_at + ORDER_WAIT_MAX
        if tx.now < patience_ends and store.has_earlier_pending(tx, delivery):
            return Waiting(min(tx.now + ORDER_WAIT_STEP, patience_ends))
        delivery = msgspec.structs.replace(delivery, body=bodies.body_of(tx, delivery))
        secrets = merchants.webhook_target(tx, self._crypto, delivery.merchant_id).secrets
        headers = signed_headers(delivery.message_id, tx.now, delivery.body, secrets)
        return Prepared(delivery, {"content-type": "application/json", **headers}, tx.now)

    async def _send(self, prepared: Prepared) -> Sent:
        started = time.monotonic()
        result: Answer | OutboundError
        try:
            result = await self._outbound.send(
                "POST",
                prepared.delivery.url,
                headers=prepared.headers,
                body=prepared.delivery.body.encode(),
                timeout_seconds=self._timeout_seconds,
                body_max=RESPONSE_MAX,
                plain=prepared.delivery.test,
            )
        except OutboundError as failure:
            result = failure
        return Sent(prepared, result, round((time.monotonic() - started) * 1_000))


def _record(tx: Tx, job: Job, judged: Judged) -> None:
    """The attempt, its verdict and the job's fate, together. Raises LeaseLost."""
    sent, delivery = judged.sent, judged.sent.prepared.delivery
    status, next_at, delivered_at = DeliveryStatus.EXHAUSTED, None, None
    match judged.verdict:
        case Retry(at=at):
            jobs.again(tx, job, at)
            status, next_at = DeliveryStatus.PENDING, at
        case Delivered():
            jobs.finish(tx, job)
            status, delivered_at = DeliveryStatus.DELIVERED, sent.ended_at
        case _:
            jobs.finish(tx, job)
    tx.count("webhook_attempts", type(judged.verdict).__name__.lower())
    states.advance(STATES, delivery.status, status)
    attempt = _attempt_of(sent)
    store.add_attempt(tx, delivery.id, attempt)
    store.save(
        tx,
        msgspec.structs.replace(
            delivery,
            status=status,
            attempts=attempt.number,
            next_at=next_at,
            delivered_at=delivered_at,
        ),
    )


def _attempt_of(sent: Sent) -> Attempt:
    result = sent.result
    answered = isinstance(result, Answer)
    return Attempt(
        number=sent.prepared.delivery.attempts + 1,
        started_at=sent.prepared.at,
        duration_ms=sent.duration_ms,
        status_code=result.status if isinstance(result, Answer) else None,
        error=None if answered else str(result),
        response=_text(result.body) if isinstance(result, Answer) else None,
    )


def _text(body: bytes) -> str:
    """For people to look at. PostgreSQL takes no NUL in a text."""
    return body.decode("utf-8", "replace").replace("\0", "\ufffd")
