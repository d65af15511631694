"""Brings deliveries to their addresses: prepared, sent, judged, each a value of its own.

A worker of its own beside that of jobs, so that webhooks that pile up hold up no payment. No
transaction is open while a receiver is waited for. A process that dies between sending and
recording sends again, with the same `webhook-id`: at least once, never silently less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from random import Random
from typing import Any, TypeVar

import structlog

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.infra.outbound import Answer, Outbound, OutboundError
from handbill.kernel.clock import SECOND, Clock, Instant
from handbill.webhooks import queue, recording, store
from handbill.webhooks.lanes import Lanes
from handbill.webhooks.queue import Claimed
from handbill.webhooks.recording import Judged, Prepared, Sent
from handbill.webhooks.signing import signed_headers
from handbill.webhooks.verdict import judge

TIMEOUT_SECONDS = 15.0
RESPONSE_MAX = 2_048
CLAIM_MAX = 256
RUNNING_MAX = 1_024
"""Those that hang or wait for hosts that may must leave room for a claim: `ALL_MAX` and
`UNKNOWN_QUEUE_MAX` of `lanes` together are fewer than `RUNNING_MAX - CLAIM_MAX`."""
IDLE_SECONDS = 5.0
FINISH_SECONDS = 4.0
GATHER_SECONDS = 0.005
"""How long outcomes wait for others, to share a commit and its statements."""
SECRETS_KNOWN_MAX = 1_000

T = TypeVar("T")

log = structlog.get_logger()


class Deliveries:
    """`step` delivers what is due now, for tests; `run` goes on until stopped. `outbound` is the
    guarded client."""

    def __init__(
        self,
        db: Database,
        outbound: Outbound,
        crypto: Crypto,
        clock: Clock,
        *,
        rng: Random | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._db = db
        self._outbound = outbound
        self._crypto = crypto
        self._clock = clock
        self._rng = rng or Random()
        self._timeout_seconds = timeout_seconds
        self._lanes = Lanes()
        self._secrets: dict[str, str] = {}
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._notes = _Notes(db)
        self._room = asyncio.Event()
        self._stopping = asyncio.Event()

    async def step(self) -> int:
        """Gives how many deliveries were tried or put back for want of a place."""
        claimed = await self._claim()
        await asyncio.gather(*(self._deliver(one) for one in claimed))
        await self._notes.written()
        return len(claimed)

    async def run(self) -> None:
        """Until `stop`. A failure of the database is waited out."""
        with self._db.subscription(store.TOPIC) as news:
            while not self._stopping.is_set():
                try:
                    wait_seconds = await self._go_round()
                except Exception as error:
                    log.error("deliveries_failed", exc_info=error)
                    wait_seconds = IDLE_SECONDS
                await self._pause(news.wait(wait_seconds))
        await self._finish()

    def stop(self) -> None:
        """Takes no more; `run` returns when what is on its way has ended, or soon after."""
        self._stopping.set()

    async def _go_round(self) -> float:
        """Takes what is due. Gives how long there is nothing to do."""
        claimed = await self._claim()
        for one in claimed:
            task = asyncio.create_task(self._deliver(one))
            self._running[task] = one
            task.add_done_callback(self._ended)
        if not self._has_room():
            self._room.clear()
            await self._pause(self._room.wait())
        due = await self._db.point(store.next_due)
        if due is None:
            return IDLE_SECONDS
        return max(0.0, min(IDLE_SECONDS, (due - self._clock.now()) / SECOND))

    async def _claim(self) -> list[Claimed]:
        # Look before writing: an idle worker must not cost a commit.
        due = await self._db.point(store.next_due)
        if due is None or due > self._clock.now():
            return []
        return await self._db.write(lambda tx: queue.claim(tx, CLAIM_MAX))

    def _has_room(self) -> bool:
        """For a whole claim: many small ones would cost a commit each."""
        return len(self._running) + CLAIM_MAX <= RUNNING_MAX

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if self._has_room():
            self._room.set()

    async def _deliver(self, claimed: Claimed) -> None:
        """One attempt. Without a place for it, the delivery is put back: a host that hangs must not
        hold the worker. Never raises: what went wrong is tried again when the lease runs out."""
        host, entered = _host(claimed.delivery.url), time.monotonic()
        try:
            if not self._lanes.enter(host, entered):
                handed = await self._lanes.wait(host, entered)
                if handed is None:
                    away = round(self._lanes.away_seconds(host, time.monotonic()) * SECOND) + 1
                    self._notes.put_back(claimed, self._clock.now() + away)
                    return
                entered = handed
            try:
                sent = await self._send(self._prepare(claimed))
            finally:
                self._lanes.leave(host, entered, time.monotonic())
            self._notes.judged(self._judge(sent))
        except Exception as error:
            log.error("delivery_failed", delivery=claimed.delivery.id, exc_info=error)

    def _prepare(self, claimed: Claimed) -> Prepared:
        delivery, at = claimed.delivery, self._clock.now()
        secrets = [self._unsealed(sealed) for sealed in claimed.sealed]
        headers = signed_headers(delivery.message_id, at, delivery.body, secrets)
        return Prepared(delivery, {"content-type": "application/json", **headers}, at)

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

    def _judge(self, sent: Sent) -> Judged:
        number = sent.prepared.delivery.attempts + 1
        verdict = judge(sent.result, number, sent.ended_at, self._rng)
        log.info(
            "webhook_attempted",
            delivery=sent.prepared.delivery.id,
            number=number,
            verdict=type(verdict).__name__.lower(),
            answer=sent.result.status if isinstance(sent.result, Answer) else str(sent.result),
            duration_ms=sent.duration_ms,
        )
        return Judged(sent, verdict)

    def _unsealed(self, sealed: str) -> str:
        """Kept, because opening one takes longer than signing with it."""
        secret = self._secrets.get(sealed)
        if secret is None:
            if len(self._secrets) >= SECRETS_KNOWN_MAX:
                self._secrets.clear()
            secret = self._secrets[sealed] = str(self._crypto.unseal(sealed))
        return secret

    async def _pause(self, news: Awaitable[object]) -> None:
        waiting = asyncio.ensure_future(news)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, stopping):
            task.cancel()

    async def _finish(self) -> None:
        """Waits for what is on its way. What takes too long is put back for another process, which
        sends it again: at least once, not at most."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=FINISH_SECONDS)
            unfinished = [self._running[task] for task in late]
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            for claimed in unfinished:
                self._notes.put_back(claimed, self._clock.now())
        await self._notes.written()


class _Notes:
    """What is to be stored about deliveries, written for many at once while more comes in."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._judged: list[Judged] = []
        self._put_back: list[tuple[Claimed, Instant]] = []
        self._writing: asyncio.Task[None] | None = None

    def judged(self, one: Judged) -> None:
        self._judged.append(one)
        self._write()

    def put_back(self, claimed: Claimed, at: Instant) -> None:
        self._put_back.append((claimed, at))
        self._write()

    async def written(self) -> None:
        """Returns when everything that was noted is stored."""
        if self._writing is not None:
            await self._writing

    def _write(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._judged or self._put_back:
                await asyncio.sleep(GATHER_SECONDS)
                judged, self._judged = self._judged, []
                put_back, self._put_back = self._put_back, []
                await self._write_some(judged, put_back)
        finally:
            self._writing = None

    async def _write_some(
        self, judged: Sequence[Judged], put_back: Sequence[tuple[Claimed, Instant]]
    ) -> None:
        by_merchant: dict[int, list[Judged]] = {}
        for one in judged:
            by_merchant.setdefault(one.delivery.merchant_id, []).append(one)
        writes: list[Coroutine[Any, Any, None]] = [
            self._record(merchant_id, some) for merchant_id, some in by_merchant.items()
        ]
        if put_back:
            writes.append(self._try(lambda tx: _put_back(tx, put_back)))
        await asyncio.gather(*writes)

    async def _record(self, merchant_id: int, judged: Sequence[Judged]) -> None:
        lost = await self._try(lambda tx: recording.record(tx, judged), merchant_id)
        if lost:
            log.info("deliveries_lease_lost", count=lost)

    async def _try(self, fn: Callable[[Tx], T], merchant_id: int | None = None) -> T | None:
        try:
            return await self._db.write(fn, merchant=merchant_id)
        except Exception as error:  # the leases run out by themselves
            log.error("deliveries_not_recorded", exc_info=error)
            return None


def _put_back(tx: Tx, put_back: Sequence[tuple[Claimed, Instant]]) -> None:
    for claimed, at in put_back:
        store.put_back(tx, claimed.delivery, at)


def _host(url: str) -> str:
    """Whose places a delivery takes. Only a grouping: the guarded client reads addresses itself."""
    return url.split("/", 3)[2].lower() if url.count("/") >= 2 else url
