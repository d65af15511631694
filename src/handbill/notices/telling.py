"""Tells a channel what it has to tell: one message at a time, each from what waits just then.

What waits is read from the events, so that nothing is kept of a notice but how far the channel has
come. One that dies between sending and storing sends again: at least once, never silently less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog

from handbill import events
from handbill.events import Event
from handbill.infra import jobs
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.clock import SECOND, Instant
from handbill.kernel.errors import CannotUnseal, TooMany, Unavailable
from handbill.kernel.languages import LanguageCode
from handbill.merchants import service as merchants
from handbill.merchants.model import Tenant
from handbill.notices import model, service, store, wording
from handbill.notices.courier import Courier
from handbill.notices.model import FAILING_MAX, PER_MINUTE, Channel, ChannelStatus, Message
from handbill.notices.wording import Language
from handbill.payments import store as payments

READ_MAX = 1_000
"""Events that one message can tell of."""
BUSY = 5 * SECOND

log = structlog.get_logger()


class Trial(msgspec.Struct, frozen=True):
    """What came of a test: `error` is None where it was taken."""

    channel: Channel
    error: str | None


class _Due(msgspec.Struct, frozen=True):
    """What a channel has to tell. Without a `message` nothing is to be sent: not before `free_at`,
    or nothing that it wants happened up to `through`."""

    channel: Channel
    through: int
    message: Message | None = None
    free_at: Instant = 0


class Teller:
    """`speak` gives a language, which stands floors above."""

    def __init__(self, courier: Courier, speak: Callable[[LanguageCode], Language]) -> None:
        self._courier = courier
        self._speak = speak

    @property
    def has_mail(self) -> bool:
        return self._courier.has_mail

    async def tell(self, db: Database, job: Job) -> None:
        """The handler of a channel's job: its next message."""
        channel_id, merchant_id = job.payload["channel_id"], job.payload["merchant_id"]
        due = await db.read(lambda tx: self._due(tx, channel_id))
        if due is None:  # deleted or switched off
            await db.write(lambda tx: jobs.finish(tx, job))
            return
        error = None
        if due.message is not None:
            try:
                key = f"{due.channel.id}.{due.through}"
                error = await self._send(due.channel, due.message, key)
            except CannotUnseal:
                raise  # for the operator, who reads it in the log
            except Unavailable:
                await db.write(lambda tx: jobs.again(tx, job, tx.now + BUSY))
                return
        await db.write(lambda tx: _settle(tx, job, due, error), merchant=merchant_id)

    async def try_out(self, db: Database, tenant: Tenant, channel_id: str) -> Trial:
        """Sends a test, also to a channel that is switched off. Raises NotFound, Unavailable, and
        TooMany where the channel has had its messages of this minute."""

        def prepare(tx: Tx) -> tuple[Channel, Message, str]:
            channel = service.get(tx, tenant, channel_id)
            if (free_at := model.free_at(channel, tx.now)) > tx.now:
                seconds = max(1, -((tx.now - free_at) // SECOND))
                raise TooMany("Too many messages in a minute.", retry_after_seconds=seconds)
            # Counted before it is sent: those who press at once must not send without end.
            store.save(tx, model.counted(channel, tx.now))
            name = merchants.get(tx, tenant.merchant_id).name
            language = self._speak(channel.lang)
            message = wording.of_trial(channel.test, name, language)
            return channel, message, f"{channel.id}.test.{tx.now}"

        merchant_id = tenant.merchant_id
        channel, message, key = await db.write(prepare, merchant=merchant_id)
        error = await self._send(channel, message, key)

        def keep(tx: Tx) -> Channel:
            now = service.get(tx, tenant, channel_id)
            if error is None:
                tried = model.sent(service.revived(tx, now), tx.now)
            else:
                tried = msgspec.structs.replace(now, last_error=error[: model.ERROR_MAX])
            store.save(tx, tried)
            return tried

        return Trial(await db.write(keep, merchant=merchant_id), error)

    async def _send(self, channel: Channel, message: Message, key: str) -> str | None:
        error = await self._courier.send(channel, message, key, self._speak(channel.lang))
        log.info("notice_sent", channel=channel.id, kind=str(channel.kind), taken=error is None)
        return error

    def _due(self, tx: Tx, channel_id: str) -> _Due | None:
        channel = store.find_any(tx, channel_id)
        if channel is None or channel.status is not ChannelStatus.ENABLED:
            return None
        head = events.head(tx, channel.merchant_id)
        if (free_at := model.free_at(channel, tx.now)) > tx.now:
            return _Due(channel, channel.after_sequence, free_at=free_at)
        waiting = events.after(
            tx,
            channel.merchant_id,
            channel.after_sequence,
            READ_MAX,
            channel.wanted,
            [channel.test],
        )
        if not waiting:
            return _Due(channel, head)
        told = waiting if len(waiting) > PER_MINUTE else waiting[:1]
        return _Due(channel, told[-1].sequence, self._message(tx, channel, told))

    def _message(self, tx: Tx, channel: Channel, told: Sequence[Event]) -> Message:
        language = self._speak(channel.lang)
        name = merchants.get(tx, channel.merchant_id).name
        if len(told) > 1:
            return wording.of_many(told, name, language)
        return wording.of_one(told[0], _what(tx, told[0]), name, language)


def _settle(tx: Tx, job: Job, due: _Due, error: str | None) -> None:
    """What came of it, and when the channel has its next turn."""
    channel = store.lock(tx, due.channel.id)
    if channel is None or channel.status is not ChannelStatus.ENABLED:
        jobs.finish(tx, job)
        return
    if error is not None:
        _settle_failure(tx, job, model.failed(channel, tx.now, error))
        return
    if due.message is not None:
        channel = model.sent(model.counted(channel, tx.now), tx.now)
    # Not back: a channel that was switched off and on meanwhile has gone on from there.
    through = max(channel.after_sequence, due.through)
    store.save(tx, msgspec.structs.replace(channel, after_sequence=through))
    if due.free_at > tx.now:
        jobs.again(tx, job, due.free_at)
    elif events.head(tx, channel.merchant_id) > through:
        jobs.again(tx, job, tx.now)
    else:
        jobs.finish(tx, job)


def _settle_failure(tx: Tx, job: Job, channel: Channel) -> None:
    since = channel.failing_since
    if since is not None and tx.now - since >= FAILING_MAX:
        service.disable(tx, channel)
        jobs.finish(tx, job)
        return
    store.save(tx, channel)
    jobs.again(tx, job, model.again_at(channel, tx.now))


def _what(tx: Tx, event: Event) -> str:
    """The title of what an event is about, where it has one."""
    facts = event.facts
    if event.type == events.LINK_REQUESTED:
        return str(facts["title"] or facts["id"])
    payment_id = facts.get("transaction") or (facts["id"] if "txid" in facts else None)
    return payments.get(tx, payment_id).title or "" if payment_id else ""
