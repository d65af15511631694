"""Asks for the same thing over and over, on many connections: the next request goes out when the
answer to the last one is complete. A process of its own, so that it does not slow what it measures.

Reads a plan from standard input and writes the result to standard output, both JSON.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from bench.figures import share

CONNECTIONS_MAX = 256
SECONDS_MAX = 60.0
END = b"\r\n\r\n"
LENGTH = b"content-length: "
ROOT = Path(__file__).parent.parent


class Plan(msgspec.Struct, frozen=True):
    """`request` is sent as it is; an answer whose status is not `status` counts as an error."""

    port: int
    request: bytes
    status: int
    connections: int
    seconds: float
    warm_seconds: float = 1.0


class Result(msgspec.Struct, frozen=True):
    """`answers` came in time to be counted, `all_answers` also while warming up. `busy` is the
    share of a core that the generator itself took."""

    answers: int
    all_answers: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    busy: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


class Tally:
    """What all connections found together."""

    def __init__(self, plan: Plan) -> None:
        self.request = plan.request
        self.expected = b"HTTP/1.1 %d " % plan.status
        self.seconds: list[float] = []
        self.all_answers = self.errors = 0
        self.counts = False
        self.goes_on = True


class Connection(asyncio.Protocol):
    """One client that never waits. Bodies must say their length."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._received = b""
        self._missing = 0
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's says so, and is none
        self._ask()

    def data_received(self, data: bytes) -> None:
        if not self._missing:
            self._received += data
            end = self._received.find(END)
            if end < 0:
                return
            self._missing = self._size(end)
            data, self._received = self._received, b""
        self._missing -= len(data)
        if self._missing <= 0:
            self._missing = 0
            self._count()
            if self._tally.goes_on:
                self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self._tally.goes_on:
            self._tally.errors += 1

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._tally.request)

    def _size(self, end: int) -> int:
        """Of the whole answer whose head ends at `end`."""
        head = self._received
        if not head.startswith(self._tally.expected):
            self._tally.errors += 1
        start = head.find(LENGTH, 0, end)
        if start < 0:
            raise ValueError("an answer does not say how long it is")
        start += len(LENGTH)
        return end + len(END) + int(head[start : head.find(b"\r\n", start)])

    def _count(self) -> None:
        tally = self._tally
        tally.all_answers += 1
        if tally.counts:
            tally.seconds.append(time.perf_counter() - self._asked_at)


async def generate(plan: Plan) -> Result:
    if plan.connections > CONNECTIONS_MAX or plan.seconds > SECONDS_MAX:
        raise ValueError("a plan is bounded in connections and time")
    loop, tally = asyncio.get_running_loop(), Tally(plan)
    made = [
        await loop.create_connection(lambda: Connection(tally), "127.0.0.1", plan.port)
        for _ in range(plan.connections)
    ]
    await asyncio.sleep(plan.warm_seconds)
    tally.counts, started, busy = True, time.perf_counter(), time.process_time()
    await asyncio.sleep(plan.seconds)
    tally.counts = tally.goes_on = False
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    for transport, _ in made:
        transport.abort()
    if not tally.seconds:
        raise RuntimeError(f"nothing was answered; {tally.errors} errors")
    return Result(
        answers=len(tally.seconds),
        all_answers=tally.all_answers,
        errors=tally.errors,
        seconds=seconds,
        p50_ms=share(tally.seconds, 50) * 1_000,
        p99_ms=share(tally.seconds, 99) * 1_000,
        busy=busy / seconds,
    )


def load(plan: Plan) -> Result:
    """Runs the plan in a process of its own. Raises RuntimeError where an answer was wrong."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=msgspec.json.encode(plan),
        capture_output=True,
        cwd=ROOT,
        timeout=plan.warm_seconds + plan.seconds + 30,
    )
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr.decode()[-500:]}")
    result = msgspec.json.decode(done.stdout, type=Result)
    if result.errors:
        raise RuntimeError(f"{result.errors} of {result.all_answers} answers were wrong")
    return result


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(generate(plan))))


if __name__ == "__main__":
    main()
