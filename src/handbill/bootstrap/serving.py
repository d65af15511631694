"""Runs the house behind uvicorn: says what a newcomer needs, drains on SIGTERM, ends in time."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from functools import partial
from types import FrameType

import uvicorn
import uvloop
from starlette.types import ASGIApp

from handbill.bootstrap import banner, first_start, handlers, logs, premises, printed_hosts
from handbill.bootstrap.first_start import FirstStart
from handbill.bootstrap.house import House
from handbill.bootstrap.wire import BoundedProtocol
from handbill.infra.database import Tx
from handbill.infra.database.database import open_backend
from handbill.infra.settings import Settings
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import Unavailable

DRAIN_SECONDS = 0.5
"""Between readiness turning off and the listener closing: load balancers look in this time."""
KEEP_ALIVE_SECONDS = 30
SWITCH_SECONDS = 0.001
"""The writer's thread and the event loop hand over to each other all the time."""


def run(settings: Settings, listener: socket.socket) -> None:
    """Serves on a prepared installation until SIGTERM or SIGINT."""
    logs.configure(settings.log_format)
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    house = _build(settings)
    server = Server(server_config(house.app, settings), house)
    try:
        furnished = await house.db.write(partial(_furnish, house=house))
        stranded = await house.db.read(partial(printed_hosts.stranded, settings=settings))
        house.start()
        gc.freeze()  # what was loaded stays: each look through it for garbage cost 12 ms
        if furnished is not None:
            _say(banner.first(house, furnished))
        if stranded:
            _say(banner.stranded(stranded))
            printed_hosts.log_all(stranded)
        _say(banner.ready(settings, has_inbox=house.has_inbox))
        await server.serve(sockets=[listener])
    finally:
        await house.stop()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _build(settings: Settings) -> House:
    with premises.opening(open_backend(settings.database_url)):
        return House(settings, SystemClock())


def _furnish(tx: Tx, house: House) -> FirstStart | None:
    premises.check_key(tx, house.crypto)
    sandbox = house.settings.sandbox
    furnished = first_start.furnish(
        tx, house.crypto, house.addresses, sandbox=sandbox, inbox=house.has_inbox
    )
    first_start.switch_sandbox(tx, house.crypto, on=sandbox)
    handlers.schedule(tx)
    return furnished


class Server(uvicorn.Server):
    """Turns readiness off first, and only then stops listening. A second signal ends the process
    as the system would: whoever sends it has waited long enough."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._draining:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
            return
        self._draining = True
        self._house.drain()
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._close)

    def _close(self) -> None:
        self.should_exit = True


def server_config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    proxies = [str(network) for network in settings.trusted_proxies]
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        http=BoundedProtocol,
        ws="none",
    )


def listen(settings: Settings) -> socket.socket:
    """Raises Unavailable where the port is taken or not ours to take."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2_048)
    except OSError as error:
        # The system's plain words, where it has some: create_server adds a tail to them.
        number = error.errno or 0
        words = os.strerror(number) if number > 0 else error.strerror
        raise Unavailable(
            f"Cannot listen on {settings.host} port {settings.port}: {words}."
            " Choose another with --port or --host."
        ) from error
