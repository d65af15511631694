"""Is the process alive, and may it be given work: for load balancers and service managers."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from handbill.infra.database import Database
from handbill.infra.settings import Settings

READY_SECONDS_MAX = 2.0
DISK_BYTES_MIN = 16 * 1024 * 1024
"""Room for the write-ahead log between two checkpoints, a few times over."""
RETRY_AFTER_SECONDS = 2

log = structlog.get_logger()


class Health:
    """`drain` turns readiness off before the listener closes, so that no request is refused.

    `folders` are those that must have room; one that is not there is not used."""

    def __init__(self, db: Database, *folders: Path) -> None:
        self._db = db
        self._folders = folders
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
            {"status": "not ready", "reason": reason},
            503,
            headers={"retry-after": str(RETRY_AFTER_SECONDS)},
        )

    async def _reason(self) -> str | None:
        if self._draining:
            return "draining"
        if any(_is_full(folder) for folder in self._folders):
            return "disk full"
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                # Through the writer, because a server that can only read is not ready.
                await self._db.write(lambda tx: tx.value("SELECT 1"))
        except Exception as error:
            log.warning("not_ready", error=repr(error))
            return "database"
        return None


def folders_with_data(settings: Settings) -> set[Path]:
    """What is on a disk of this machine: the installation's folder, and the database's, if it is
    another. Pictures alone keep nobody from paying."""
    file = settings.database_url.removeprefix("sqlite:///")
    apart = {Path(file).parent} if file != settings.database_url else set()
    return {settings.data, *apart}


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < DISK_BYTES_MIN
    except FileNotFoundError:
        return False
