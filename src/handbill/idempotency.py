"""Requests that come twice: one effect for one key, and the same answer every time.

A verb of one transaction is run by `once`: key, effect and answer are committed together or not at
all. A verb that asks an acquirer in between takes `claim` in its first transaction and ends with
`settle`; nobody has seen an answer before that, so that what was cut off in the middle is resumed
from its object, never begun anew. Everything here runs under the merchant's lock.

A key is kept as a hash and its answer sealed: answers hold what is shown once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from handbill.infra import jobs
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Job
from handbill.kernel.clock import HOUR, SECOND, Instant
from handbill.kernel.errors import KeyInProgress, KeyReused

KEPT_FOR = 72 * HOUR
RUNS_AT_MOST = 90 * SECOND
"""Longer than a request to an acquirer takes: whoever claimed a key and has not settled it by then
is taken for gone. If not, both come to the same end."""

SWEEP = "idempotency.sweep"
"""The kind of job that deletes what was kept long enough."""
SWEEP_MAX = 1_000
SWEEP_EVERY = HOUR


class Request(msgspec.Struct, frozen=True):
    """What is asked under a key. Merchant, mode and key say which one it is; `fingerprint` is the
    same for requests that ask the same."""

    merchant_id: int
    test: bool
    key_hash: str
    fingerprint: str


class Answer(msgspec.Struct, frozen=True):
    """What the caller gets, to the byte."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_replay: bool = False


class Claim(msgspec.Struct, frozen=True):
    """The caller of `claim` is the one who brings this object's verb to its end. `until` tells its
    claim from that of whoever takes it up afterwards."""

    object_id: str
    until: Instant


class _Kept(msgspec.Struct, frozen=True):
    fingerprint: str
    object_id: str | None
    answer: str | None
    running_until: Instant


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    status: int
    headers: dict[str, str]
    body: str


def hash_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def find(tx: Tx, crypto: Crypto, request: Request) -> Answer | None:
    """The answer that was given already. Raises KeyReused, KeyInProgress."""
    known = _find(tx, request)
    return None if known is None else _answer_of(crypto, known)


def once(tx: Tx, crypto: Crypto, request: Request, act: Callable[[Tx], Answer]) -> Answer:
    """The answer of `act`, which is run at most once. What it raises leaves no key behind, so that
    a repeat runs it. Raises KeyReused, KeyInProgress."""
    answer = find(tx, crypto, request)
    if answer is None:
        # The act before the key: a refusal before any write costs its neighbours nothing.
        answer = act(tx)
        _keep(tx, request, None, _seal(crypto, answer), tx.now)
    return answer


def claim(tx: Tx, crypto: Crypto, request: Request, begin: Callable[[Tx], str]) -> Answer | Claim:
    """The answer that was given already, or what is to be brought to its end now: the object that
    `begin` gave, which is run at most once, or the one that somebody left in the middle.

    Raises KeyReused; KeyInProgress while another request is at it; what `begin` raises.
    """
    known, until = _find(tx, request), tx.now + RUNS_AT_MOST
    if known is None:
        object_id = begin(tx)
        _keep(tx, request, object_id, None, until)
        return Claim(object_id, until)
    if known.object_id is None or known.answer is not None or known.running_until > tx.now:
        return _answer_of(crypto, known)
    _set_running(tx, request, known.running_until, until)
    return Claim(known.object_id, until)


def settle(tx: Tx, crypto: Crypto, request: Request, answer: Answer) -> Answer:
    """Ends what `claim` began. Gives the answer that counts: that of the first who came here."""
    known = _find(tx, request)
    if known is not None and known.answer is not None:
        return _answer_of(crypto, known)
    tx.run(
        "UPDATE idempotency_keys SET answer = :answer WHERE merchant_id = :merchant_id"
        " AND test = :test AND key_hash = :key_hash AND expires_at > :now",
        merchant_id=request.merchant_id,
        test=request.test,
        key_hash=request.key_hash,
        answer=_seal(crypto, answer),
        now=tx.now,
    )
    return answer


def release(tx: Tx, request: Request, claim: Claim) -> None:
    """For what could not be brought to its end: whoever asks next goes on with it, without
    waiting."""
    _set_running(tx, request, claim.until, tx.now)


def forget(tx: Tx, request: Request, claim: Claim) -> None:
    """For what was refused after all, so that nothing of it is under way: whoever asks next begins
    anew."""
    tx.run(
        "DELETE FROM idempotency_keys WHERE merchant_id = :merchant_id AND test = :test"
        " AND key_hash = :key_hash AND running_until = :until AND answer IS NULL",
        merchant_id=request.merchant_id,
        test=request.test,
        key_hash=request.key_hash,
        until=claim.until,
    )


def schedule(tx: Tx) -> None:
    """Adds the job that sweeps, where it is not there yet."""
    jobs.add(tx, SWEEP, {}, due_at=tx.now, key=SWEEP)


async def sweep(db: Database, job: Job) -> None:
    """Deletes keys that were kept long enough, a bounded number at a time."""

    def delete(tx: Tx) -> None:
        gone = tx.run(
            # The time is asked twice: a row that was taken by a new request while this waited for
            # it is no longer what the inner query found.
            "DELETE FROM idempotency_keys WHERE expires_at <= :now"
            " AND (merchant_id, test, key_hash) IN (SELECT merchant_id, test, key_hash"
            " FROM idempotency_keys WHERE expires_at <= :now ORDER BY expires_at LIMIT :most)",
            now=tx.now,
            most=SWEEP_MAX,
        )
        jobs.again(tx, job, tx.now if gone == SWEEP_MAX else tx.now + SWEEP_EVERY)

    await db.write(delete)


def _find(tx: Tx, request: Request) -> _Kept | None:
    """Raises KeyReused."""
    known = tx.find(
        _Kept,
        "SELECT fingerprint, object_id, answer, running_until FROM idempotency_keys"
        " WHERE merchant_id = :merchant_id AND test = :test AND key_hash = :key_hash"
        " AND expires_at > :now",
        merchant_id=request.merchant_id,
        test=request.test,
        key_hash=request.key_hash,
        now=tx.now,
    )
    if known is not None and known.fingerprint != request.fingerprint:
        raise KeyReused("This idempotency key came with another request before.")
    return known


def _keep(
    tx: Tx, request: Request, object_id: str | None, answer: str | None, running_until: Instant
) -> None:
    tx.later(
        "INSERT INTO idempotency_keys (merchant_id, test, key_hash, fingerprint, object_id, answer,"
        " running_until, created_at, expires_at) VALUES (:merchant_id, :test, :key_hash,"
        " :fingerprint, :object_id, :answer, :running_until, :now, :expires_at)"
        # One that is there is over 72 hours old, and was not swept yet.
        " ON CONFLICT (merchant_id, test, key_hash) DO UPDATE SET"
        " fingerprint = excluded.fingerprint, object_id = excluded.object_id,"
        " answer = excluded.answer, running_until = excluded.running_until,"
        " created_at = excluded.created_at, expires_at = excluded.expires_at",
        merchant_id=request.merchant_id,
        test=request.test,
        key_hash=request.key_hash,
        fingerprint=request.fingerprint,
        object_id=object_id,
        answer=answer,
        running_until=running_until,
        now=tx.now,
        expires_at=tx.now + KEPT_FOR,
    )


def _set_running(tx: Tx, request: Request, before: Instant, until: Instant) -> None:
    tx.run(
        "UPDATE idempotency_keys SET running_until = :until WHERE merchant_id = :merchant_id"
        " AND test = :test AND key_hash = :key_hash AND running_until = :before",
        merchant_id=request.merchant_id,
        test=request.test,
        key_hash=request.key_hash,
        before=before,
        until=until,
    )


def _answer_of(crypto: Crypto, known: _Kept) -> Answer:
    if known.answer is None:
        raise KeyInProgress("The first request with this idempotency key is still being answered.")
    kept = msgspec.convert(crypto.unseal(known.answer), _Sealed)
    return Answer(kept.status, kept.headers, kept.body.encode(), is_replay=True)


def _seal(crypto: Crypto, answer: Answer) -> str:
    return crypto.seal(_Sealed(answer.status, answer.headers, answer.body.decode()))
