"""A line for each request: readable for people, or a JSON object, as the rest of the log.

Formatted by hand and written many at once, because a page from memory takes less time than one
record takes its usual way. There is nothing to mask: no word of a line is the caller's.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

from handbill.infra.settings import Settings
from handbill.web.entrance import Visit

WAIT_SECONDS = 0.2
"""How long a line may wait for others. A process that is killed loses as much."""


class RequestLog:
    """On standard error. For the event loop alone; flush it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._line = _json_line if settings.log_format == "json" else _text_line
        self._lines: list[str] = []
        self._second, self._until_second = 0, ""

    def tell(self, visit: Visit) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(WAIT_SECONDS, self.flush)
        self._lines.append(self._line(visit, self._now()))

    def flush(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            sys.stderr.write("".join(lines))
            sys.stderr.flush()

    def _now(self) -> str:
        """Most of it is the same for a whole second."""
        second, fraction = divmod(time.time_ns() // 1_000, 1_000_000)
        if second != self._second:
            moment = datetime.fromtimestamp(second, UTC)
            self._second, self._until_second = second, moment.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._until_second}.{fraction:06}Z"


def _json_line(visit: Visit, now: str) -> str:
    caller = ""
    if visit.key_id is not None:
        caller = f'"merchant":{visit.merchant_id},"key":"{visit.key_id}",'
    return (
        f'{{"request_id":"{visit.request_id}","method":"{visit.method}","route":"{visit.route}",'
        f'"status":{visit.status},"duration_ms":{visit.seconds * 1_000:.2f},{caller}'
        f'"event":"request","level":"info","timestamp":"{now}"}}\n'
    )


def _text_line(visit: Visit, now: str) -> str:
    caller = ""
    if visit.key_id is not None:
        caller = f" merchant={visit.merchant_id} key={visit.key_id}"
    return (
        f"{now} [info     ] request                        request_id={visit.request_id}"
        f" method={visit.method} route={visit.route} status={visit.status}"
        f" duration_ms={visit.seconds * 1_000:.2f}{caller}\n"
    )
