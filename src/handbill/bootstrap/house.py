"""One process: database, acquirers, worker, application, built and ended in the right order.

Nothing but the command line and the tests build it.
"""

from __future__ import annotations

import asyncio

import acquirer_sandbox
from handbill.bootstrap import acquirers, handlers, mailing, notifying, presses, request_log
from handbill.bootstrap.premises import is_at_home, open_crypto
from handbill.inbox import Inbox
from handbill.infra.database import Database, open_database
from handbill.infra.jobs import Worker
from handbill.infra.outbound import Outbound
from handbill.infra.settings import Settings
from handbill.infra.storage import open_storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import Clock
from handbill.links.opens import Opens
from handbill.merchants.accounts import Acquirers
from handbill.payments.start import Payments
from handbill.privacy.retention import Retention
from handbill.providers.registry import Registry
from handbill.web import app, parts
from handbill.webhooks import delivery, relay

RELAYS = frozenset({"relay", "notices"})
"""Tasks that wait for ever; the others end by themselves when they are stopped."""


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
        self._sandbox_url = sandbox_url or self.addresses.base + acquirers.SANDBOX_PATH
        openers = acquirers.openers(settings, self.trusted, clock, sandbox_url)
        self.acquirers = Acquirers(Registry(openers, self.db.tallies), self.crypto)
        self.payments = Payments(self.acquirers, self.addresses)
        self.inbox = Inbox(self.acquirers)
        self.opens = Opens(self.db, clock)
        self.workshop = Workshop("handbill.catalog.pictures")
        self.mail = mailing.open_mail(settings, clock)
        self.notices = notifying.Notifying(settings, self.crypto, self.mail)
        self.press = Workshop(*presses.MODULES)
        self.print_press = Workshop(*presses.MODULES)
        self.deliveries = delivery.Deliveries(self.db, self.guarded, self.crypto, clock)
        self.request_log = request_log.RequestLog(settings)
        self.app = app.Application(self._parts())
        retention = Retention(settings.payer_retention_days, settings.body_retention_days)
        sandbox_timers = acquirer_sandbox.handlers(self.trusted) if settings.sandbox else {}
        self.handlers = {
            **handlers.table(
                self.acquirers, self.inbox, retention, self.notices.teller, self.app.receipts
            ),
            **sandbox_timers,
        }
        self.worker = Worker(self.db, self.handlers, clock)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins the background work of this process: what it has counted, it stores by itself; the
        rest if the settings want it here."""
        self._tasks = [asyncio.create_task(self.opens.run(), name="opens")]
        if self.settings.worker:
            self._tasks += [
                asyncio.create_task(self.worker.run(), name="worker"),
                asyncio.create_task(self.deliveries.run(), name="deliveries"),
                asyncio.create_task(relay.relay(self.db), name="relay"),
                asyncio.create_task(self.notices.run(self.db), name="notices"),
            ]

    @property
    def has_inbox(self) -> bool:
        """The built-in receiver shows every test webhook, so it opens on this machine only."""
        return self.settings.sandbox and is_at_home(self.settings)

    def drain(self) -> None:
        """Readiness turns off, open streams end, and no more work is taken."""
        self.app.drain()
        self._stop_working()

    async def stop(self) -> None:
        """Ends the background work, then what waits for the database. Idempotent."""
        self._stop_working()
        self.opens.stop()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task.get_name() in RELAYS:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.guarded.close()
        await self.trusted.close()
        await self.workshop.close()
        await self.notices.close()
        await self.press.close()
        await self.print_press.close()
        await self.opens.store()
        self.app.close()
        self.request_log.flush()
        self.db.close()

    def _stop_working(self) -> None:
        self.worker.stop()
        self.deliveries.stop()

    def _parts(self) -> parts.Parts:
        return parts.Parts(
            settings=self.settings,
            clock=self.clock,
            db=self.db,
            crypto=self.crypto,
            addresses=self.addresses,
            acquirers=self.acquirers,
            payments=self.payments,
            inbox=self.inbox,
            opens=self.opens,
            workshop=self.workshop,
            teller=self.notices.teller,
            press=self.press,
            print_press=self.print_press,
            mail=self.mail,
            storage=open_storage(self.settings),
            sandbox=(
                acquirer_sandbox.create_app(self.db, self._sandbox_url)
                if self.settings.sandbox
                else None
            ),
            has_inbox=self.has_inbox,
            tell=self.request_log.tell if self.settings.log_requests else None,
        )
