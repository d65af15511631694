"""The one error tree. `web/problems.py` alone knows which HTTP status each branch gets.

HandbillError
|-- Malformed                 the request cannot be read (bad JSON, duplicate members, bad header)
|   `-- KeyMalformed          an idempotency key that is none
|-- Unauthorized              no key, or a wrong one
|-- Forbidden                 the key lacks the scope; the merchant is paused
|-- NotFound                  missing, or somebody else's
|-- Conflict                  the thing's state does not allow it
|   |-- IllegalTransition     a status change that the table of states does not know
|   |-- DuplicateTxid         the same txid with another body
|   |-- KeyReused             an idempotency key that came with another request before
|   |-- KeyInProgress         the first request with this idempotency key is not answered yet
|   |-- NotRefundable         nothing is left to give back, or the acquirer cannot
|   |-- LeaseLost             another worker has taken a job over
|   |-- AddressNotPublic      no phone elsewhere can open the public address: not for paper
|   `-- LinkNotPayable        the link's end state, by name
|-- TooLarge                  body, picture or file over its bound
|-- UnsupportedMedia          a content type that is not taken
|-- Invalid                   fields that were read and refused, all of them at once
|   |-- NotYet                a field or a verb that this version does not enforce
|   |-- BrokenImage           a picture that cannot be decoded
|   `-- CannotBeScanned       a code that a phone would not read from paper
|-- TooMany                   over a limit; says when to come back
|   `-- Blocked               banks refused too many payments from there
|-- Challenged                a proof of work is asked for first
|-- Unavailable               nothing happened; come back later
|   |-- StorageFull           the disk is full; nothing was written
|   |-- CannotUnseal          sealed with another installation key
|   `-- WriteUnknown          the write was sent, its end is not known; ask again by key
`-- ProviderError
    |-- ProviderRejected      our request was wrong; nothing happened
    |-- ProviderUnavailable   never reached the provider; nothing happened
    |-- OutcomeUnknown        sent, no readable answer: ask, never guess
    `-- NotAuthentic          a notification that the provider did not send
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Faults = dict[str, list[str]]
"""Field path -> what is wrong with it, in words fit for the caller."""


class HandbillError(Exception):
    """Base of all errors that are ours. `code` is stable and documented; `detail` is for people."""

    code = "error"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or self.__class__.__name__)
        self.detail = detail
        if code is not None:
            self.code = code


class Malformed(HandbillError):
    code = "malformed"


class KeyMalformed(Malformed):
    code = "idempotency_key_malformed"


class Unauthorized(HandbillError):
    code = "unauthorized"


class Forbidden(HandbillError):
    code = "forbidden"


class NotFound(HandbillError):
    code = "not_found"


class Conflict(HandbillError):
    code = "conflict"


class IllegalTransition(Conflict):
    code = "illegal_transition"


class DuplicateTxid(Conflict):
    code = "duplicate_txid"


class KeyReused(Conflict):
    code = "idempotency_key_reused"


class KeyInProgress(Conflict):
    code = "idempotency_in_progress"
    retry_after_seconds = 2


class NotRefundable(Conflict):
    code = "not_refundable"


class LeaseLost(Conflict):
    """What a worker did without its lease must not be stored: another one does it."""

    code = "lease_lost"


class AddressNotPublic(Conflict):
    """Paper outlives every mistake in an address."""

    code = "address_not_public"


class LinkNotPayable(Conflict):
    """`state` is the name of the end state that the page shows: `expired`, `taken`, `paused`, ...
    `free_at` (Unix milliseconds): when a place that another payer holds runs out."""

    code = "link_not_payable"

    def __init__(self, state: str, detail: str = "", *, free_at: int | None = None) -> None:
        super().__init__(detail or f"This link cannot be paid: {state}.")
        self.state = state
        self.free_at = free_at


class TooLarge(HandbillError):
    code = "too_large"


class UnsupportedMedia(HandbillError):
    code = "unsupported_media_type"


class Invalid(HandbillError):
    """Refused fields. `faults` names every one of them."""

    code = "invalid"

    def __init__(self, faults: Mapping[str, Sequence[str]], detail: str = "") -> None:
        self.faults: Faults = {field: list(words) for field, words in faults.items()}
        super().__init__(detail or "Some fields were refused: " + ", ".join(self.faults) + ".")


class NotYet(Invalid):
    code = "not_yet"


class BrokenImage(Invalid):
    code = "broken_image"


class CannotBeScanned(Invalid):
    """`faults` says which options to change, and how."""

    code = "cannot_be_scanned"


class TooMany(HandbillError):
    code = "rate_limited"

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail or "Too many requests.")
        self.retry_after_seconds = retry_after_seconds


class Blocked(TooMany):
    code = "network_blocked"

    def __init__(self, detail: str = "", *, retry_after_seconds: int) -> None:
        words = detail or "Banks refused too many payments that came from this network."
        super().__init__(words, retry_after_seconds=retry_after_seconds)


class Challenged(HandbillError):
    """`bits`: how hard the proof of work is; `puzzle`: the one to be solved, where
    it was made already. Without a proof the caller may come back later."""

    code = "challenge_required"

    def __init__(
        self, bits: int, *, retry_after_seconds: int, puzzle: Mapping[str, object] | None = None
    ) -> None:
        super().__init__("Solve the challenge and send its solution with the same request.")
        self.bits = bits
        self.retry_after_seconds = retry_after_seconds
        self.puzzle = puzzle


class Unavailable(HandbillError):
    code = "unavailable"
    retry_after_seconds = 2


class StorageFull(Unavailable):
    code = "storage_full"
    retry_after_seconds = 30


class CannotUnseal(Unavailable):
    """The installation's key is not the one that sealed this: the key file was lost or changed."""

    code = "wrong_installation_key"


class WriteUnknown(Unavailable):
    code = "outcome_unknown"


class ProviderError(HandbillError):
    code = "provider_error"


class ProviderRejected(ProviderError):
    code = "routing_failed"


class ProviderUnavailable(ProviderError):
    code = "provider_unavailable"


class OutcomeUnknown(ProviderError):
    code = "provider_outcome_unknown"


class NotAuthentic(ProviderError):
    code = "not_authentic"
