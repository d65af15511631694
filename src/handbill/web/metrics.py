"""`/metrics`: how the house is doing, for Prometheus.

On this machine without a question. From elsewhere with the token of the settings, and without one
not at all. A request that a proxy passed on comes from elsewhere, wherever the proxy runs.
"""

from __future__ import annotations

import asyncio
import hmac
import importlib
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.networks import parse_address
from handbill.web import measures
from handbill.web.measures import Measures
from handbill.web.parts import Parts
from handbill.web.visits import Visits

PATH = "/metrics"
READ_SECONDS_MAX = 2.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PASSED_ON = ("x-forwarded-for", "forwarded", "x-real-ip", "via")

log = structlog.get_logger()


class Metrics:
    """`token` None: nobody but this machine may read."""

    def __init__(self, parts: Parts, visits: Visits) -> None:
        self._db = parts.db
        self._clock = parts.clock
        self._token = parts.settings.metrics_token
        self._tallies = parts.db.tallies
        self._visits = visits
        self._exposition: Any = None

    def routes(self) -> list[Route]:
        return [Route(PATH, self.show, methods=["GET"])]

    async def show(self, request: Request) -> Response:
        if not is_here(request) and not self._may_read(request):
            return self._refusal()
        known = await self._read()
        now = self._clock.now()
        visits, waiting = self._visits.summary(), self._db.waiting
        if self._exposition is None:
            # By name: the library costs memory that only those pay who ask.
            module = await asyncio.to_thread(importlib.import_module, "handbill.web.exposition")
            self._exposition = module.Exposition()
        body = await asyncio.to_thread(
            self._exposition.write, visits, self._tallies, waiting, known, now
        )
        return Response(body, headers={"cache-control": "no-store"}, media_type=CONTENT_TYPE)

    async def _read(self) -> Measures | None:
        """None where the database does not answer in time: the rest is still worth knowing."""
        try:
            async with asyncio.timeout(READ_SECONDS_MAX):
                return await self._db.read(measures.read)
        except Exception as error:
            log.warning("not_measured", error=repr(error))
            return None

    def _may_read(self, request: Request) -> bool:
        if self._token is None:
            return False
        given = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self._token}".encode())

    def _refusal(self) -> Response:
        """Where there is no token, there is nothing at this address."""
        if self._token is None:
            return Response(status_code=404)
        return Response(status_code=401, headers={"www-authenticate": 'Bearer realm="metrics"'})


def is_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and not a proxy for somebody else."""
    if any(name in request.headers for name in PASSED_ON):
        return False
    address = parse_address(request.client.host) if request.client else None
    return address is not None and address.is_loopback
