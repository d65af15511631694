"""The name of the request that is being answered, for every line of the log that it causes."""

from __future__ import annotations

from contextvars import ContextVar

_REQUEST_ID: ContextVar[bytes] = ContextVar("request_id", default=b"")


def begin(request_id: bytes) -> None:
    """From here on, in this task and in what it starts."""
    _REQUEST_ID.set(request_id)


def request_id() -> str:
    """Empty outside of requests."""
    return _REQUEST_ID.get().decode()
