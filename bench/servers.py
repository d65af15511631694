"""Servers in processes of their own, on free ports of loopback: Handbill, and whatever it is
measured beside. Each ends when it is left."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from bench import processes

SERVE = (sys.executable, "-c", "from handbill.cli import main; main()", "serve")
START_SECONDS = 120
STOP_SECONDS = 15
LOOK_SECONDS = 0.002
_KEY = re.compile(r"test key\s+(hb_test_\w+)")


class Server:
    """Anything that answers `GET /healthz` with 200 on `port`."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.environment = _without_settings()
        self.log = log
        self.started_in = 0.0
        """Seconds from the command to the first answer."""
        self._command = command

    def __enter__(self) -> Server:
        started = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
        try:
            self._wait(started + START_SECONDS)
        except BaseException:
            self._end()
            raise
        self.started_in = time.perf_counter() - started
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        return processes.cpu_seconds(self.pid)

    @property
    def key(self) -> str:
        """The test key that Handbill prints when it starts on an empty folder."""
        found = _KEY.search(self.log.read_text())
        if found is None:
            raise RuntimeError("the server has not shown a key")
        return found[1]

    def _wait(self, until: float) -> None:
        while not _answers(self.port):
            if self._process.poll() is not None or time.perf_counter() > until:
                words = self.log.read_text(errors="replace")[-1_000:]
                raise RuntimeError(f"the server did not start: {words}")
            time.sleep(LOOK_SECONDS)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def handbill(
    folder: Path,
    *,
    database_url: str | None = None,
    command: Sequence[str] = SERVE,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Handbill on a folder, with no limit on how often a key may call."""
    port = free_port()
    options = ["--data", str(folder), "--port", str(port)]
    if database_url is not None:
        options += ["--database-url", database_url]
    server = Server([*command, *options], port, folder.with_suffix(".log"))
    server.environment |= {"HANDBILL_RATE_LIMIT": "0", **(environment or {})}
    return server


def hello(folder: Path) -> Server:
    """The least that an ASGI application can be; see `bench.hello`."""
    port = free_port()
    return Server([sys.executable, "-m", "bench.hello", str(port)], port, folder / "hello.log")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request)
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def _without_settings() -> dict[str, str]:
    """The environment, but for what somebody set for a Handbill of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HANDBILL_")}
