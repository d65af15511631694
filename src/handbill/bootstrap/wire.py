"""HTTP on the wire, with a bound on what a caller may send before it has asked for anything.

uvicorn bounds neither the bytes of a request's head nor the time that it takes: without both, one
connection fills the memory, and a thousand silent ones use up all that a process may hold.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedProtocol(HttpToolsProtocol):
    """Bodies are bounded by those who read them, and idle connections by uvicorn's keep-alive."""

    head_bytes_max = 64 * 1024
    head_seconds_max = 20.0

    _in_head = True
    _head_bytes = 0
    _head_due: asyncio.TimerHandle | None = None

    # uvicorn narrows the type of its base in the same way: only stream transports come here.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.head_bytes_max:
            self.send_400_response("The head of the request is too large.")
        elif self._head_due is None:  # of a later request on the same connection
            self._expect_head()

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_seconds_max, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
