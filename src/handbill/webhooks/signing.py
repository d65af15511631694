"""The three headers of the Standard Webhooks specification. Secrets come in and never go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from handbill.kernel.clock import SECOND, Instant


def signed_headers(
    message_id: str, at: Instant, body: str, secrets: Sequence[str]
) -> dict[str, str]:
    """One `v1` signature for each secret (`whsec_...`), so that a receiver may hold the old or the
    new one while a secret is rotated. The time is of this attempt, in whole seconds."""
    if not secrets:
        raise ValueError("a webhook is never sent unsigned")
    seconds = at // SECOND
    moment = datetime.fromtimestamp(seconds, UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, moment, body) for secret in secrets
        ),
    }
