"""The built-in receiver: what a merchant's server would have got, kept so that people can look.

It judges a signature as a merchant would: with the secrets of the merchant whose event it is, and a
tolerance of five minutes. Only a bounded number is kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook

from handbill import events
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.infra.sweeps import Span, Swept, sweep
from handbill.kernel import ids
from handbill.kernel.clock import MINUTE, Instant
from handbill.merchants import service as merchants
from handbill.webhooks import endpoint_store

TOPIC = "received_webhooks"
KEPT_MAX = 200
TOLERANCE = 5 * MINUTE
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")


class ReceivedWebhook(msgspec.Struct, frozen=True):
    """`verified`: the signature is the sending merchant's."""

    id: str
    headers: dict[str, str]
    body: str
    verified: bool
    received_at: Instant


def keep(tx: Tx, crypto: Crypto, headers: Mapping[str, str], body: bytes) -> ReceivedWebhook:
    """Judges and stores a webhook. `headers` in lower case."""
    received = ReceivedWebhook(
        id=ids.new_id(tx.now),
        headers={name: headers[name] for name in HEADERS if name in headers},
        body=body.decode("utf-8", "replace").replace("\0", "\ufffd"),
        verified=_is_signed(tx, crypto, headers, body),
        received_at=tx.now,
    )
    tx.run(
        "INSERT INTO received_webhooks (id, headers_json, body, verified, received_at)"
        " VALUES (:id, :headers_json, :body, :verified, :received_at)",
        id=received.id,
        headers_json=received.headers,
        body=received.body,
        verified=received.verified,
        received_at=received.received_at,
    )
    tx.run(
        "DELETE FROM received_webhooks WHERE id NOT IN (SELECT id FROM received_webhooks"
        " ORDER BY received_at DESC, id DESC LIMIT :kept)",
        kept=KEPT_MAX,
    )
    tx.announce(TOPIC)
    return received


def latest(tx: Tx, limit: int) -> list[ReceivedWebhook]:
    """Newest first."""
    return tx.all(
        ReceivedWebhook,
        "SELECT id, headers_json, body, verified, received_at FROM received_webhooks"
        " ORDER BY received_at DESC, id DESC LIMIT :limit",
        limit=limit,
    )


def after(tx: Tx, received_id: str | None) -> list[ReceivedWebhook]:
    """Those that came after one that is known, oldest first."""
    return tx.all(
        ReceivedWebhook,
        "SELECT id, headers_json, body, verified, received_at FROM received_webhooks"
        + (" WHERE id > :id" if received_id else "")
        + " ORDER BY id LIMIT 100",
        **({"id": received_id} if received_id else {}),
    )


def forget_old(tx: Tx, span: Span) -> Swept:
    return sweep(tx, span, "received_webhooks", "DELETE FROM received_webhooks WHERE TRUE")


def _is_signed(tx: Tx, crypto: Crypto, headers: Mapping[str, str], body: bytes) -> bool:
    event_id = headers.get("webhook-id", "").removeprefix("msg_")
    merchant_id = events.merchant_of(tx, event_id) if ids.parse_id(event_id) else None
    stamp = headers.get("webhook-timestamp", "")
    if merchant_id is None or not stamp.isdecimal():
        return False
    if abs(int(stamp) * 1_000 - tx.now) > TOLERANCE:
        return False
    # Signed anew and compared, because the library's own reader asks the system for the time.
    given = headers.get("webhook-signature", "").split()
    moment = datetime.fromtimestamp(int(stamp), UTC)
    text = body.decode("utf-8", "replace")
    return any(
        hmac.compare_digest(Webhook(secret).sign(headers["webhook-id"], moment, text), one)
        for secret in _secrets(tx, crypto, merchant_id)
        for one in given
    )


def _secrets(tx: Tx, crypto: Crypto, merchant_id: int) -> Iterator[str]:
    """The merchant's own, then those of its endpoints: this may be the address of any."""
    yield from merchants.webhook_target(tx, crypto, merchant_id).secrets
    for sealed in endpoint_store.secrets_of_merchant(tx, merchant_id):
        yield str(crypto.unseal(sealed))
