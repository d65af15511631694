"""Errors as callers see them: `application/problem+json` (RFC 9457).

The only place that knows which HTTP status an error of ours has. Says nothing of the inside:
an error that is not ours becomes `internal` with the request's id, and the rest is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from handbill.kernel import errors
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import SECOND, Instant
from handbill.links.model import GONE
from handbill.web.replies import Reply

PROBLEM_JSON = "application/problem+json"


class Kind(msgspec.Struct, frozen=True):
    """What all errors of a class share. `meaning` is for the reference page."""

    status: int
    title: str
    meaning: str


KINDS: dict[type[errors.HandbillError], Kind] = {
    errors.HandbillError: Kind(500, "Error", "The request could not be carried out."),
    errors.Malformed: Kind(
        400,
        "The request cannot be read",
        "Not JSON, a doubled member, or a broken header. Nothing happened.",
    ),
    errors.KeyMalformed: Kind(
        400,
        "Not an idempotency key",
        "`Idempotency-Key` is one value of 1 to 255 printable ASCII characters, bare or quoted."
        " Nothing happened.",
    ),
    errors.Unauthorized: Kind(
        401, "No key, or a wrong one", "Send a key of this installation in the header `x-api-key`."
    ),
    errors.Forbidden: Kind(
        403,
        "Not allowed with this key",
        "The key lacks the scope that the operation needs, or the operator decides about it.",
    ),
    errors.NotFound: Kind(
        404,
        "Not found",
        "Missing, deleted, of the other mode, or somebody else's: the answer is the same.",
    ),
    errors.Conflict: Kind(
        409, "The state does not allow it", "`detail` says what stands against it."
    ),
    errors.IllegalTransition: Kind(
        409, "The state does not allow it", "A step that the object's status does not have."
    ),
    errors.DuplicateTxid: Kind(
        409, "This txid is taken", "The same `txid` was used before with another body."
    ),
    errors.KeyReused: Kind(
        422,
        "This idempotency key is taken",
        "The same `Idempotency-Key` came with another request within 72 hours. Nothing happened.",
    ),
    errors.KeyInProgress: Kind(
        409,
        "The first request is still being answered",
        "One with the same `Idempotency-Key` is at work. `retry-after` says when to ask again.",
    ),
    errors.NotRefundable: Kind(
        409, "There is nothing to refund", "Not paid, or all of it went back or is on its way."
    ),
    errors.LeaseLost: Kind(
        409, "Another process does it", "The work was taken over; nothing was stored twice."
    ),
    errors.AddressNotPublic: Kind(
        409,
        "The public address is not for paper",
        "A phone elsewhere cannot open it: `detail` says why and what to set. `force` prints"
        " all the same.",
    ),
    errors.LinkNotPayable: Kind(
        409,
        "This link cannot be paid",
        "`state` says why. 410 where it stays so (expired, used, closed), 403 for a personal"
        " address that was changed, else 409.",
    ),
    errors.TooLarge: Kind(413, "Too large", "A body, a file or a picture over its bound."),
    errors.UnsupportedMedia: Kind(
        415, "Content type not taken", "Send `application/json`, or the picture as a form part."
    ),
    errors.Invalid: Kind(
        422, "Some fields were refused", "`details` names every refused field and why."
    ),
    errors.NotYet: Kind(
        422,
        "Not in this version yet",
        "A field, a header or an operation that is documented but not yet enforced."
        " It is refused rather than ignored.",
    ),
    errors.BrokenImage: Kind(422, "The picture cannot be read", "A file that does not decode."),
    errors.CannotBeScanned: Kind(
        422,
        "The code cannot be scanned",
        "A phone would not read this code from paper. `details` says what to change.",
    ),
    errors.TooMany: Kind(
        429, "Too many requests", "Over the limit of the key. `retry-after` says when to come back."
    ),
    errors.Blocked: Kind(
        429,
        "Too many refused payments",
        "Banks refused too many payments from this network, or of this payment."
        " `retry-after` says when to come back.",
    ),
    errors.Challenged: Kind(
        403,
        "A proof of work is asked for",
        "Solve `challenge` and send the request again with its `token` as `challenge` and the"
        " number as `solution`, or come back after `retry-after`.",
    ),
    errors.Unavailable: Kind(
        503, "Not available now", "Nothing happened. `retry-after` says when to come back."
    ),
    errors.StorageFull: Kind(
        503, "The storage is full", "Nothing was written. The operator has to make room."
    ),
    errors.CannotUnseal: Kind(
        503,
        "The installation's key does not fit",
        "Stored secrets were sealed with another key. The operator has to restore the key file.",
    ),
    errors.WriteUnknown: Kind(
        503,
        "The outcome is not known",
        "The write was sent, its end is not known. With the same `Idempotency-Key` a repeat finds"
        " out; without one, look before you repeat it.",
    ),
    errors.ProviderError: Kind(
        502, "The acquirer failed", "The acquirer did not do what was asked."
    ),
    errors.ProviderRejected: Kind(
        502, "The acquirer refused the request", "Nothing happened. No account takes this payment."
    ),
    errors.ProviderUnavailable: Kind(
        503, "The acquirer is not available", "Nothing happened. Come back later."
    ),
    errors.OutcomeUnknown: Kind(
        503,
        "The acquirer did not answer",
        "It was asked, and what it did is not known yet. The payment says so when it is.",
    ),
    errors.NotAuthentic: Kind(
        403, "Not from the acquirer", "A notification that its acquirer did not send."
    ),
}

ROOT = errors.HandbillError
METHOD_NOT_ALLOWED = "method_not_allowed"
INTERNAL = "internal"

KINDS_BY_CODE: dict[str, Kind] = {
    METHOD_NOT_ALLOWED: Kind(405, "Method not allowed", "The header `allow` names those that are."),
    "merchant_paused": Kind(
        403, "The merchant is paused", "The operator paused it; nothing of it is served."
    ),
    INTERNAL: Kind(
        500, "Something broke on our side", "It was logged. Quote `request_id` to the operator."
    ),
}
"""Codes that are no class's own."""

GONE_STATES = GONE | {"address_expired", "address_outdated"}
"""410, of a link or of a personal address. All other states (`taken`, `paused`, `not_open_yet`) can
end, so they are 409."""
CHANGED = "address_changed"
"""A personal address whose signature does not fit it: 403."""

_RETRY_SECONDS = 5


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong, in one form for every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    details: errors.Faults | None = None
    state: str | None = None
    request_id: str


class ProblemWithChallenge(Problem, kw_only=True):
    """Of pages alone: the API asks no caller for work."""

    challenge: Mapping[str, object]


def status_of(error_class: type[errors.HandbillError]) -> int:
    """The HTTP status of a class of errors; an unmapped class has that of its nearest ancestor."""
    return _kind_of(error_class).status


def status_for(error: errors.HandbillError) -> int:
    """The HTTP status of one error: a link's own state decides between 409 and 410."""
    if isinstance(error, errors.LinkNotPayable):
        return 410 if error.state in GONE_STATES else 403 if error.state == CHANGED else 409
    return status_of(type(error))


def render(
    error: errors.HandbillError, request_id: str, addresses: Addresses, now: Instant
) -> Reply:
    """The answer to a request that ended with an error of ours."""
    status = status_for(error)
    problem = Problem(
        type=_type(addresses, error.code),
        title=_kind_of(type(error)).title,
        status=status,
        detail=error.detail or _kind_of(type(error)).meaning,
        error=error.code,
        details=error.faults if isinstance(error, errors.Invalid) else None,
        state=error.state if isinstance(error, errors.LinkNotPayable) else None,
        request_id=request_id,
    )
    if isinstance(error, errors.Challenged) and error.puzzle is not None:
        known = msgspec.structs.asdict(problem)
        problem = ProblemWithChallenge(**known, challenge=error.puzzle)
    reply = _reply(problem)
    if status == 401:
        reply.headers["www-authenticate"] = 'ApiKey realm="handbill", header="x-api-key"'
    seconds = _retry_seconds(error, status, now)
    if seconds is not None:
        reply.headers["retry-after"] = str(seconds)
    return reply


def render_code(code: str, detail: str, request_id: str, addresses: Addresses) -> Reply:
    """The answer for a problem of `KINDS_BY_CODE`."""
    kind = KINDS_BY_CODE[code]
    return _reply(
        Problem(
            type=_type(addresses, code),
            title=kind.title,
            status=kind.status,
            detail=detail or kind.meaning,
            error=code,
            request_id=request_id,
        )
    )


def _kind_of(error_class: type[Any]) -> Kind:
    return next(KINDS[base] for base in error_class.__mro__ if base in KINDS)


def _type(addresses: Addresses, code: str) -> str:
    return f"{addresses.base}/docs#error-{code}"


def _reply(problem: Problem) -> Reply:
    return Reply(problem.status, msgspec.json.encode(problem), {"content-type": PROBLEM_JSON})


def _retry_seconds(error: errors.HandbillError, status: int, now: Instant) -> int | None:
    if isinstance(error, errors.LinkNotPayable) and error.free_at is not None:
        return max(1, -((now - error.free_at) // SECOND))
    seconds: int | None = getattr(error, "retry_after_seconds", None)
    if seconds is None and status == 503:
        return _RETRY_SECONDS
    return seconds
