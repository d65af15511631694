"""The three headers of the Standard Webhooks specification. Secrets come in and never go out."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from handbill.kernel.clock import SECOND, Instant

PREFIX = "whsec_"


def signed_headers(
    message_id: str, at: Instant, body: str, secrets: Sequence[str]
) -> dict[str, str]:
    """One `v1` signature for each secret (`whsec_...`), so that a receiver may hold the old or the
    new one while a secret is rotated. The time is of this attempt, in whole seconds."""
    if not secrets:
        raise ValueError("a webhook is never sent unsigned")
    stamp = str(at // SECOND)
    signed = f"{message_id}.{stamp}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    # Not hmac.digest: it gives the interpreter's lock away, and waits for it again.
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
