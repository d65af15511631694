"""Is the process alive, and may it be given work: for load balancers and service managers."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from handbill.infra.database import Database

READY_SECONDS_MAX = 2.0
DISK_BYTES_MIN = 64 * 1024 * 1024


class Health:
    """`drain` turns readiness off before the listener closes, so that no request is refused."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder
        self._draining = False

    def drain(self) -> None:
        self._draining = True

    def routes(self) -> list[Route]:
        return [Route("/healthz", self.alive), Route("/readyz", self.ready)]

    async def alive(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(self, _request: Request) -> JSONResponse:
        reason = await self._reason()
        if reason is None:
            return JSONResponse({"status": "ready"})
        return JSONResponse(
            {"status": "not ready", "reason": reason}, 503, headers={"retry-after": "2"}
        )

    async def _reason(self) -> str | None:
        if self._draining:
            return "draining"
        if shutil.disk_usage(self._folder).free < DISK_BYTES_MIN:
            return "disk full"
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                await self._db.write(lambda tx: tx.value("SELECT 1"))
        except Exception:
            return "database"
        return None
