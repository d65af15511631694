"""The adapter of the built-in sandbox acquirer: cards by redirect, SBP by a QR, no money moved.

It speaks HTTP like any adapter and knows the acquirer by its API alone. Amounts are integers of
ISO 4217 minor units on both sides, so none is ever converted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from handbill.infra.outbound import Answer, NoAnswer, Outbound, Refused, Unreachable
from handbill.kernel.clock import SECOND, Clock, Instant, SystemClock
from handbill.kernel.errors import (
    NotAuthentic,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.providers.contract import (
    Acknowledgement,
    ActionRequired,
    Authorized,
    Cancelled,
    Capabilities,
    Charge,
    Charged,
    Declined,
    Notification,
    Outcome,
    Pending,
    Provider,
    RefundFailed,
    RefundOutcome,
    RefundPending,
    RefundSucceeded,
)

TIMEOUT_SECONDS = 15.0
SIGNATURE_HEADER = "x-sandbox-signature"
TOLERANCE = 300 * SECOND
"""How far a notification's time may lie from ours, in either direction."""

DECLINE_CODES: Mapping[str, str] = {
    "insufficient_funds": "insufficient_funds",
    "refused_by_issuer": "card_declined",
    "suspected_fraud": "do_not_honour",
    "authentication_failed": "3ds_failed",
    "rejected_in_app": "do_not_honour",
}
"""The acquirer's word -> ours. A word that it adds later is `card_declined`."""

_SYSTEM_CLOCK = SystemClock()
_OPEN = frozenset({"awaiting_payer", "challenge", "scanned"})

T = TypeVar("T")


class _Reason(msgspec.Struct, frozen=True):
    code: str
    message: str = ""


class _Payment(msgspec.Struct, frozen=True):
    id: str
    attempt_id: str
    status: str
    amount: int
    captured_amount: int
    currency: str
    expires_at: Instant
    payment_url: str | None
    qr_payload: str | None
    decline: _Reason | None
    repeats: tuple[str, ...]


class _Payments(msgspec.Struct, frozen=True):
    data: list[_Payment]


class _Refund(msgspec.Struct, frozen=True):
    id: str
    refund_id: str | None
    status: str
    amount: int
    currency: str
    failure: _Reason | None


class _Refunds(msgspec.Struct, frozen=True):
    data: list[_Refund]


class _Refusal(msgspec.Struct, frozen=True):
    error: _Reason


class _Named(msgspec.Struct, frozen=True):
    id: str


class _NamedRefund(msgspec.Struct, frozen=True):
    id: str
    refund_id: str | None


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    type: str
    payment: _Named
    refund: _NamedRefund | None = None


def open(
    credentials: Mapping[str, str], outbound: Outbound, clock: Clock = _SYSTEM_CLOCK
) -> Provider:
    """Credentials: `base_url` of the acquirer, `secret_key`, `notification_secret`; `page_url`
    where the payer reaches its pages at another address than we do. Raises ProviderRejected."""
    missing = {"base_url", "secret_key", "notification_secret"} - credentials.keys()
    if missing:
        raise ProviderRejected(f"The sandbox account lacks {', '.join(sorted(missing))}.")
    return Sandbox(credentials, outbound, clock)


class Sandbox:
    """One shop at the sandbox acquirer."""

    acknowledgement = Acknowledgement()

    def __init__(self, credentials: Mapping[str, str], outbound: Outbound, clock: Clock) -> None:
        self._base_url = credentials["base_url"].rstrip("/")
        self._secret_key = credentials["secret_key"]
        self._notification_secret = credentials["notification_secret"].encode()
        self._outbound = outbound
        self._clock = clock
        self.capabilities = Capabilities(
            methods=frozenset({"card", "sbp"}),
            two_stage=True,
            page_hosts=(_origin(credentials.get("page_url") or self._base_url),),
        )

    async def create(self, charge: Charge) -> Outcome:
        body = {
            "amount": charge.amount.minor,
            "currency": charge.amount.currency,
            "method": charge.method,
            "attempt_id": charge.attempt_id,
            "description": charge.description,
            "return_url": charge.return_url,
            "notification_url": charge.notification_url,
            "expires_at": charge.expires_at,
            "capture": charge.capture,
            "payer": {name: v for name, v in msgspec.structs.asdict(charge.payer).items() if v},
            "metadata": dict(charge.metadata),
        }
        return _outcome(await self._post("/v1/payments", charge.key, body, _Payment))

    async def capture(self, reference: str, amount: Money, key: str) -> Outcome:
        body = {"amount": amount.minor}
        return _outcome(await self._post(f"{_path(reference)}/capture", key, body, _Payment))

    async def cancel(self, reference: str, key: str) -> Outcome:
        return _outcome(await self._post(f"{_path(reference)}/cancel", key, {}, _Payment))

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        body = {"payment_id": reference, "amount": amount.minor, "refund_id": refund_id}
        return _refund_outcome(await self._post("/v1/refunds", refund_id, body, _Refund))

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        if reference is None:
            answer = await self._send("GET", f"/v1/refunds?refund_id={quote(refund_id, safe='')}")
            found = _read(answer, _Refunds).data
            return _refund_outcome(found[-1]) if found else None
        answer = await self._send("GET", f"/v1/refunds/{quote(reference, safe='')}")
        return None if _is_unknown(answer) else _refund_outcome(_read(answer, _Refund))

    async def fetch(self, reference: str | None, attempt_id: str) -> Outcome | None:
        if reference is None:
            return await self._find(attempt_id)
        answer = await self._send("GET", _path(reference))
        if _is_unknown(answer):
            return None
        payment = _read(answer, _Payment)
        others = [_read(await self._send("GET", _path(id_)), _Payment) for id_ in payment.repeats]
        return _outcome_of_all([payment, *others])

    async def check(self) -> str | None:
        try:
            answer = await self._send("GET", "/v1/shop")
            if answer.status == 401:
                return "The sandbox acquirer does not know this secret key."
            _read(answer, _Named)
        except ProviderUnavailable:
            return "The sandbox acquirer cannot be reached."
        except (ProviderRejected, OutcomeUnknown):
            return "What answers at this address is not the sandbox acquirer."
        return None

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, remote_address: str
    ) -> Notification:
        # The signature says who sent it; a network address would add nothing to that.
        self._verify(headers.get(SIGNATURE_HEADER, ""), body)
        try:
            event = msgspec.json.decode(body, type=_Event)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotAuthentic("The notification cannot be read.") from error
        refund = event.refund
        return Notification(
            event.event_id,
            event.payment.id,
            refund_reference=refund.id if refund else None,
            refund_id=refund.refund_id if refund else None,
            is_dispute=event.type.startswith("dispute."),
        )

    def _verify(self, header: str, body: bytes) -> None:
        """`t=<Unix seconds>,v1=<hex>`, as in the acquirer's notifications. Raises NotAuthentic."""
        parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
        seconds, given = parts.get("t", ""), parts.get("v1", "")
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12):
            raise NotAuthentic("The notification is not signed.")
        signed = f"{seconds}.".encode() + body
        expected = hmac.digest(self._notification_secret, signed, hashlib.sha256).hex()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise NotAuthentic("The notification's signature does not fit.")
        if abs(self._clock.now() - int(seconds) * SECOND) > TOLERANCE:
            raise NotAuthentic("The notification is too old, or from the future.")

    async def _find(self, attempt_id: str) -> Outcome | None:
        answer = await self._send("GET", f"/v1/payments?attempt_id={quote(attempt_id, safe='')}")
        found = _read(answer, _Payments).data
        # One attempt is one payment, unless it was created with two keys or charged twice: then
        # money comes first.
        charged = [payment for payment in found if payment.status == "charged"]
        held = [payment for payment in found if payment.status == "authorized"]
        return _outcome_of_all(charged or held[-1:] or found[-1:]) if found else None

    async def _post(self, path: str, key: str, body: Mapping[str, Any], kind: type[T]) -> T:
        return _read(await self._send("POST", path, key, body), kind)

    async def _send(
        self, method: str, path: str, key: str = "", body: Mapping[str, Any] | None = None
    ) -> Answer:
        headers = {"authorization": f"Bearer {self._secret_key}"}
        if body is not None:
            headers |= {"content-type": "application/json", "idempotency-key": key}
        try:
            return await self._outbound.send(
                method,
                self._base_url + path,
                headers=headers,
                body=b"" if body is None else msgspec.json.encode(body),
                timeout_seconds=TIMEOUT_SECONDS,
                body_max=1_048_576,  # a list of a hundred payments with all their metadata
            )
        except (Refused, Unreachable) as error:
            raise ProviderUnavailable(f"The sandbox acquirer was not reached: {error}.") from error
        except NoAnswer as error:
            raise OutcomeUnknown(f"The sandbox acquirer did not answer: {error}.") from error


def _read(answer: Answer, kind: type[T]) -> T:
    """Raises what an answer other than the expected one means."""
    status = answer.status
    if status == 429:
        raise ProviderUnavailable("The sandbox acquirer asks to come back later.")
    # 408: a server between us gave up waiting; the acquirer may have the request all the same.
    if 400 <= status < 500 and status != 408:
        raise ProviderRejected(
            f"The sandbox acquirer refused ({status}): {_reason(answer).message}"
        )
    if not 200 <= status < 300:
        raise OutcomeUnknown(f"The sandbox acquirer answered with status {status}.")
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OutcomeUnknown("The sandbox acquirer's answer cannot be read.") from error


def _is_unknown(answer: Answer) -> bool:
    """Only the acquirer's own word counts: another server's 404 says nothing about a payment."""
    return answer.status == 404 and _reason(answer).code == "not_found"


def _reason(answer: Answer) -> _Reason:
    try:
        return msgspec.json.decode(answer.body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Reason(code="", message="no reason given")


def _outcome(payment: _Payment) -> Outcome:
    """Raises OutcomeUnknown for a state that is not in the acquirer's documents."""
    held = Money(payment.amount, payment.currency)
    taken = Money(payment.captured_amount, payment.currency)
    match payment.status:
        case "charged" if taken.minor > 0:
            return Charged(payment.id, taken, payment.attempt_id)
        case "authorized":
            return Authorized(payment.id, held, payment.attempt_id)
        case "processing":
            return Pending(payment.id)
        case "declined":
            reason = payment.decline or _Reason(code="")
            code = DECLINE_CODES.get(reason.code, "card_declined")
            return Declined(payment.id, code, reason.message)
        case "cancelled" | "expired":
            return Cancelled(payment.id, expired=payment.status == "expired")
        case status if status in _OPEN and (payment.payment_url or payment.qr_payload):
            return ActionRequired(
                payment.id, payment.payment_url, payment.qr_payload, payment.expires_at
            )
    raise OutcomeUnknown(f"The sandbox acquirer names an unknown state: {payment.status[:40]}.")


def _outcome_of_all(payments: Sequence[_Payment]) -> Outcome:
    """Of one attempt: how the first one stands, and what was charged beside it."""
    outcome, *others = [_outcome(payment) for payment in payments]
    if not isinstance(outcome, Charged):
        return outcome
    also = tuple(other for other in others if isinstance(other, Charged))
    return msgspec.structs.replace(outcome, also=also)


def _refund_outcome(refund: _Refund) -> RefundOutcome:
    match refund.status:
        case "succeeded":
            return RefundSucceeded(refund.id, Money(refund.amount, refund.currency))
        case "pending":
            return RefundPending(refund.id)
        case "failed":
            reason = refund.failure or _Reason(code="refund_failed")
            return RefundFailed(refund.id, reason.code, reason.message)
    raise OutcomeUnknown(f"The sandbox acquirer names an unknown state: {refund.status[:40]}.")


def _path(payment_id: str) -> str:
    return f"/v1/payments/{quote(payment_id, safe='')}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
