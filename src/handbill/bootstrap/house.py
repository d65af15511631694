"""One process: database, acquirers, worker, application, built and ended in the right order.

Nothing but the command line and the tests build it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import acquirer_sandbox
from handbill.inbox import PROCESS, Inbox
from handbill.infra.crypto import Crypto, installation_key
from handbill.infra.database import Database, open_database
from handbill.infra.jobs import Handler, Worker
from handbill.infra.outbound import Outbound
from handbill.infra.settings import Settings, is_loopback
from handbill.infra.storage import open_storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.links import ends
from handbill.merchants.accounts import Acquirers
from handbill.payments import opening, service
from handbill.payments.start import Payments
from handbill.providers import sandbox
from handbill.providers.contract import Provider
from handbill.providers.registry import Opener, Registry
from handbill.web.app import Application
from handbill.web.parts import Parts
from handbill.webhooks.delivery import DELIVER, Deliveries, relay

SANDBOX_PATH = "/sandbox"
STOP_SECONDS = 5.0

class House:
    """Everything that one process runs. Build it inside the event loop that serves."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        sandbox_url: str | None = None,
    ) -> None:
        """`sandbox_url`: where the sandbox acquirer is reached, if not below this server."""
        self.settings = settings
        self.clock = clock
        self.addresses = Addresses(settings.public_url)
        self.crypto = open_crypto(settings)
        self.db: Database = open_database(settings.database_url, clock)
        self.trusted = Outbound(guarded=False)
        self.guarded = Outbound(
            guarded=True,
            networks=settings.webhook_networks,
            own_origin=settings.public_url,
        )
        self._sandbox_url = sandbox_url or self.addresses.base + SANDBOX_PATH
        self._sandbox_api = sandbox_url or _own_address(settings) + SANDBOX_PATH
        self.acquirers = Acquirers(Registry(self._openers()), self.crypto)
        self.payments = Payments(self.acquirers, self.addresses)
        self.inbox = Inbox(self.acquirers)
        self.workshop = Workshop("handbill.catalog.pictures")
        self.deliveries = Deliveries(self.guarded, self.crypto)
        self.worker = Worker(self.db, self.handlers(), clock)
        self.app = Application(self._parts())
        self._tasks: list[asyncio.Task[None]] = []

    def handlers(self) -> Mapping[str, Handler]:
        """The table kind -> function. A test fails on a kind without one."""
        table: dict[str, Handler] = {
            ends.CLOSE_EXPIRED: ends.close_expired,
            opening.RECONCILE: self.payments.reconcile,
            service.GIVE_UP: self.payments.give_up,
            PROCESS: self.inbox.process,
            DELIVER: self.deliveries.deliver,
        }
        if self.settings.sandbox:
            table.update(acquirer_sandbox.handlers(self.trusted))
        return table

    def start(self) -> None:
        """Begins the background work of this process, if the settings want it here."""
        if self.settings.worker:
            self._tasks = [
                asyncio.create_task(self.worker.run(), name="worker"),
                asyncio.create_task(relay(self.db), name="relay"),
            ]

    @property
    def has_inbox(self) -> bool:
        """The built-in receiver shows every test webhook, so it opens on this machine only."""
        return self.settings.sandbox and is_at_home(self.settings)

    def drain(self) -> None:
        """Readiness turns off, and no more jobs are taken."""
        self.app.health.drain()
        self.worker.stop()

    async def stop(self) -> None:
        """Ends the background work, then what waits for the database. Idempotent."""
        self.worker.stop()
        tasks, self._tasks = self._tasks, []
        if tasks:
            await asyncio.wait(tasks[:1], timeout=STOP_SECONDS)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.guarded.close()
        await self.trusted.close()
        await self.workshop.close()
        self.app.close()
        self.db.close()

    def _parts(self) -> Parts:
        return Parts(
            settings=self.settings,
            clock=self.clock,
            db=self.db,
            crypto=self.crypto,
            addresses=self.addresses,
            acquirers=self.acquirers,
            payments=self.payments,
            inbox=self.inbox,
            workshop=self.workshop,
            storage=open_storage(self.settings),
            sandbox=(
                acquirer_sandbox.create_app(self.db, self._sandbox_url)
                if self.settings.sandbox
                else None
            ),
            has_inbox=self.has_inbox,
        )

    def _openers(self) -> dict[str, Opener]:
        """One row for each acquirer."""
        if not self.settings.sandbox:
            return {}
        return {"sandbox": self._open_sandbox}

    def _open_sandbox(self, credentials: Mapping[str, str]) -> Provider:
        # Its address is the installation's, not the account's: a changed port must not break it.
        located = {
            **credentials,
            "base_url": self._sandbox_api,
            "page_url": self._sandbox_url,
        }
        return sandbox.open(located, self.trusted, self.clock)

def open_crypto(settings: Settings) -> Crypto:
    if settings.secret_key is not None:
        return Crypto(settings.secret_key.encode())
    settings.data.mkdir(parents=True, exist_ok=True)
    return Crypto(installation_key(settings.data))

def _own_address(settings: Settings) -> str:
    """Where this process reaches itself, whatever proxies stand before it."""
    host = settings.host
    if host in ("0.0.0.0", "::", "") or is_loopback(host):
        host = "127.0.0.1" if host != "::1" else "[::1]"
    elif ":" in host:
        host = f"[{host}]"
    return f"http://{host}:{settings.port}"

def is_at_home(settings: Settings) -> bool:
    """Whether payers reach this installation on this machine only."""
    return is_loopback(urlsplit(settings.public_url).hostname or "")

__all__ = ["House", "Job", "is_at_home", "open_crypto"]
