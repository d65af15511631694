"""Runs the house behind uvicorn: says what a newcomer needs, drains on SIGTERM, ends in time."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from types import FrameType

import structlog
import typer
import uvicorn
import uvloop
from starlette.types import ASGIApp

from handbill.bootstrap import banner, first_start
from handbill.bootstrap.house import House
from handbill.bootstrap.premises import is_at_home
from handbill.infra.settings import Settings
from handbill.kernel.clock import SystemClock
from handbill.kernel.errors import Unavailable

DRAIN_SECONDS = 0.5
"""Between readiness turning off and the listener closing: load balancers look in this time."""
KEEP_ALIVE_SECONDS = 30
SWITCH_SECONDS = 0.001
"""The writer's thread and the event loop hand over to each other all the time."""


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises Unavailable where the port is taken."""
    configure_logs(settings.log_format)
    sys.setswitchinterval(SWITCH_SECONDS)
    listener = _listen(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    house = House(settings, SystemClock())
    server = Server(server_config(house.app, settings), house)
    try:
        furnished = await house.db.write(
            lambda tx: first_start.furnish(
                tx,
                house.crypto,
                house.addresses,
                sandbox=settings.sandbox,
                inbox=house.has_inbox,
            )
        )
        house.start()
        if furnished is not None:
            typer.echo(banner.first(house, furnished))
        typer.echo(banner.ready(settings, at_home=is_at_home(settings)))
        await server.serve(sockets=[listener])
    finally:
        await house.stop()


class Server(uvicorn.Server):
    """Turns readiness off first, and only then stops listening."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._draining:
            super().handle_exit(sig, frame)
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
        ws="none",
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2_048)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}."
            " Choose another with --port."
        ) from error


def configure_logs(log_format: str) -> None:
    """One line a record on standard error; nothing below warnings from libraries."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if log_format == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
