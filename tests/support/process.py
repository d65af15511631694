"""`handbill serve` as a real process, with its own folder and port, and the other commands beside
it. A server ends with the `with` statement that started it, and with the tests, however they end.
"""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import httpx2
import msgspec

from handbill.cli import main

HANDBILL = (sys.executable, "-m", "handbill.cli")
# The same, tied to the process that started it, however that ends: Linux tells a child by a signal.
TETHERED = """
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
from handbill.cli import main
main()
"""
START_SECONDS = 60
"""Of a machine that is busy with other tests. A quiet one takes a second and a half."""
STOP_SECONDS = 30
COMMAND_SECONDS = 60
LOOK_SECONDS = 0.02
TRIES_MAX = 3
JSON = {"accept": "application/json"}

T = TypeVar("T")


class FirstWords(msgspec.Struct, frozen=True):
    """What the first start says, and no later one."""

    merchant_id: int
    test_key: str
    live_key: str
    webhook_secret: str
    curl: str
    link_url: str
    inbox_url: str | None

    @property
    def link_id(self) -> str:
        return self.link_url.rpartition("/")[2]


class Done(msgspec.Struct, frozen=True):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.out)


class Server:
    """A running `handbill serve`. `folder` is its --data; what it says is kept beside it."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        around: Sequence[str] = (),
    ) -> None:
        """`host`: where it is asked, if the options say that it listens elsewhere. `around`: a
        command that becomes the server, such as one that gives it a disk of its own."""
        self.folder = folder
        if "--port" not in options:
            options = (*options, "--port", str(free_port()))
        self.port = int(options[options.index("--port") + 1])
        self.url = f"http://{host}:{self.port}"
        self._log = folder.parent / f"{folder.name}-{self.port}-{time.monotonic_ns()}"
        self._environment = _environment(environment)
        self._keys: list[httpx2.Client] = []
        with self._file("out").open("wb") as out, self._file("err").open("wb") as err:
            self.process = subprocess.Popen(
                [*around, sys.executable, "-c", TETHERED, "serve", "--data", str(folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder.parent,
                env=self._environment,
            )
        self.payer = self.client()

    @property
    def out(self) -> str:
        return self._file("out").read_text()

    @property
    def err(self) -> str:
        return self._file("err").read_text()

    @property
    def first_words(self) -> FirstWords:
        found = read_first_words(self.out)
        assert found is not None, self.out + self.err
        return found

    def client(self, key: str | None = None, **options: Any) -> httpx2.Client:
        """A client of the API with a key, or a browser without."""
        made = httpx2.Client(
            base_url=self.url, headers={"x-api-key": key} if key else {}, timeout=30, **options
        )
        self._keys.append(made)
        return made

    def wait_until_ready(self, path: str = "/readyz") -> None:
        def answers() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.err}")
            return answer_of(self.url + path) == 200

        until(answers, START_SECONDS)

    def command(self, *words: str, environment: Mapping[str, str] | None = None) -> Done:
        """Another command, on the same folder."""
        named = () if "--data" in words else ("--data", str(self.folder))
        return call(*words, *named, environment={**self._given(), **(environment or {})})

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.signal()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """No word of farewell: what a power cut leaves, but for the disk's own memory."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        for client in self._keys:
            client.close()
        if self.process.poll() is None:
            self.kill()

    def _file(self, kind: str) -> Path:
        return self._log.with_name(f"{self._log.name}.{kind}")

    def _given(self) -> dict[str, str]:
        return {k: v for k, v in self._environment.items() if k.startswith("HANDBILL_")}


@contextmanager
def serving(
    folder: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
    around: Sequence[str] = (),
) -> Iterator[Server]:
    """A server that answers. Tries again where somebody else was quicker to take the port."""
    for left in reversed(range(TRIES_MAX)):
        server = Server(folder, *options, environment=environment, host=host, around=around)
        try:
            try:
                server.wait_until_ready("/healthz")
            except AssertionError:
                if left and "Cannot listen" in server.err and "--port" not in options:
                    continue
                raise
            yield server
            return
        finally:
            server.close()


def call(*words: str, environment: Mapping[str, str] | None = None) -> Done:
    """A command to its end, in this process, which is another than the server's: that is what
    counts, and starting Python takes ten times as long as the command."""
    said, complained = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        mock.patch.object(sys, "argv", ["handbill", *words]),
        mock.patch.dict(os.environ, _environment(environment), clear=True),
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int | None)
    return Done(code or 0, said.getvalue(), complained.getvalue())


def run(*words: str, environment: Mapping[str, str] | None = None) -> Done:
    """A command to its end, in a process of its own."""
    done = subprocess.run(
        [*HANDBILL, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=_environment(environment),
        timeout=COMMAND_SECONDS,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def listening(server: Server, *words: str) -> Iterator[Callable[[], str]]:
    """`handbill listen`; what it gives says what was printed so far."""
    path = server.folder.parent / f"listen-{time.monotonic_ns()}"
    with path.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", TETHERED, "listen", "--data", str(server.folder), *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=_environment(None),
        )
    try:
        until(lambda: "Waiting for webhooks" in path.read_text(), START_SECONDS)
        yield path.read_text
    finally:
        process.kill()
        process.wait()


def read_first_words(out: str) -> FirstWords | None:
    """None where a start said nothing of keys."""
    if "shown once" not in out:
        return None

    def found(pattern: str) -> str:
        match = re.search(pattern, out, re.MULTILINE | re.DOTALL)
        assert match is not None, out
        return match[1]

    inbox = re.search(r"webhooks arrive:\s+(\S+)", out)
    return FirstWords(
        merchant_id=int(found(r"^  merchant (\d+)")),
        test_key=found(r"^  test key\s+(\S+)"),
        live_key=found(r"^  live key\s+(\S+)"),
        webhook_secret=found(r"^  webhook secret\s+(\S+)"),
        curl=found(r"^(  curl .*?\}')$"),
        link_url=found(r"sample link:\s+(\S+)"),
        inbox_url=inbox[1] if inbox else None,
    )


def pay(server: Server, link_id: str, decision: str = "approve") -> str:
    """Presses Pay and, at the acquirer, a button; gives the payment's id."""
    pressed = server.payer.post(f"/pay/link/{link_id}", data={"method": "card"}, headers=JSON)
    assert pressed.status_code == 201, pressed.text
    told = pressed.json()["data"]
    acquirer = httpx2.URL(told["payment_url"]).raw_path.decode()
    decided = server.payer.post(acquirer, data={"decision": decision})
    assert decided.status_code == 303, decided.text
    return str(told["id"])


def pay_through(server: Server, link_id: str) -> str:
    """Pays by the sample merchant's link, and waits until the server knows that the money is there;
    gives the payment's id."""
    payment_id = pay(server, link_id)
    with server.client(server.first_words.test_key) as shop:
        where = f"/api/v1/transactions/{payment_id}"
        until(lambda: shop.get(where).json()["data"]["status"] == "charged", COMMAND_SECONDS)
    return payment_id


def answer_of(url: str) -> int | None:
    """The status, or None where nobody answers."""
    try:
        return httpx2.get(url, timeout=10).status_code
    except httpx2.TransportError:
        return None


def until(look: Callable[[], T], seconds: float) -> T:
    """Looks until there is something to see: another process tells nobody when it is done."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} seconds")
        time.sleep(LOOK_SECONDS)
    return seen


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Nothing of Handbill's own but what the test gives, and a time zone that is nobody's."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HANDBILL_")}
    return {**kept, "TZ": "Asia/Kathmandu", **(more or {})}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
