"""Two servers on one database, each a process that can be killed, stopped and started again."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from handbill.infra.database import Database, Tx
from handbill.infra.database.database import open_backend
from handbill.infra.database.sqlite import SqliteBackend
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import Unavailable
from tests.support.process import FirstWords, Server, free_port

START_SECONDS = 60
LOOK_SECONDS = 0.02
RESTARTS_MAX = 20
LOCK_SECONDS = 2
ENVIRONMENT = {"HANDBILL_RATE_LIMIT": "0", "HANDBILL_SHUTDOWN_SECONDS": "4"}


class Node:
    """One `handbill serve`. It keeps its port when it is started again."""

    def __init__(self, name: str, folder: Path, options: Sequence[str]) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = (*options, "--port", str(self.port))
        self.server: Server | None = None
        self.starts: list[float] = []
        """Seconds from each start until it was ready."""
        self.logs: list[Server] = []

    @property
    def is_running(self) -> bool:
        return self.server is not None and self.server.process.poll() is None

    @property
    def last_words(self) -> str:
        if self.server is None:
            return ""
        return f"{self.server.process.poll()} {self.server.err[-600:]}"

    async def start(self, http: aiohttp.ClientSession, environment: dict[str, str]) -> None:
        """Until it is ready. One that finds no database ends, and is started again, as the
        system's supervisor would."""
        for _ in range(RESTARTS_MAX):
            began = time.monotonic()
            server = self.server = Server(
                self._folder,
                *self._options,
                environment={**ENVIRONMENT, **environment},
            )
            self.logs.append(server)
            if await self.wait_until_ready(http):
                self.starts.append(time.monotonic() - began)
                return
        raise RuntimeError(f"{self.name} does not start: {self.last_words}")

    async def wait_until_ready(self, http: aiohttp.ClientSession) -> bool:
        """False where the process has ended. Raises TimeoutError."""
        async with asyncio.timeout(START_SECONDS):
            while self.is_running:
                if await _answers(http, self.url + "/readyz"):
                    return True
                await asyncio.sleep(LOOK_SECONDS)
        return False

    def kill(self) -> None:
        assert self.server is not None
        self.server.close()

    async def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self.server is not None
        self.server.signal()
        return await asyncio.to_thread(self.server.process.wait, START_SECONDS)

    def pause(self) -> None:
        assert self.server is not None
        self.server.signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.server is not None
        self.server.signal(signal.SIGCONT)

    def close(self) -> None:
        if self.server is not None:
            self.server.close()

    def count_logged(self, words: str) -> int:
        """In everything that its processes said."""
        return sum(server.err.count(words) for server in self.logs)


class Installation:
    """Give it a folder and a database that are empty."""

    def __init__(self, folder: Path, url: str, environment: dict[str, str]) -> None:
        self.folder = folder
        self.url = url
        self.environment = environment
        options = ("--database-url", url)
        self.nodes = [Node(name, folder, options) for name in ("left", "right")]

    async def start(self, http: aiohttp.ClientSession) -> FirstWords:
        """One after the other: the first one makes the schema and the sample shop. Once."""
        for node in self.nodes:
            await node.start(http, self.environment)
        server = self.nodes[0].server
        assert server is not None
        return server.first_words

    async def stop(self) -> list[int]:
        return [await node.stop() for node in self.nodes if node.is_running]

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    async def let_time_pass(self) -> None:
        """As if the two minutes of a lease that somebody left were over, and a request that was cut
        off ran no more, and the times to ask and to try again had come. Nothing that the servers
        decide is touched. Does nothing where a server that is stopped holds the whole database."""
        backend = open_backend(self.url)
        if isinstance(backend, SqliteBackend):
            backend = SqliteBackend(backend.path, wait_seconds=LOCK_SECONDS)
        db = Database(backend, SystemClock())
        try:
            await db.write(_let_time_pass)
        except Unavailable:
            return
        finally:
            db.close()


HURRIED = (
    "payments.reconcile",
    "payments.refund",
    "payments.release",
    "inbox.process",
    "webhooks.replay",
    "sandbox.follow",
    "sandbox.follow_up",
    "sandbox.settle_refund",
    "sandbox.notify",
)


def _let_time_pass(tx: Tx) -> None:
    tx.run("UPDATE jobs SET leased_until = NULL WHERE leased_until IS NOT NULL")
    tx.run("UPDATE jobs SET due_at = 0 WHERE kind IN :kinds", kinds=HURRIED)
    tx.run("UPDATE idempotency_keys SET running_until = 0 WHERE answer IS NULL")
    tx.run("UPDATE deliveries SET next_at = 0 WHERE next_at IS NOT NULL")


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(5)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
