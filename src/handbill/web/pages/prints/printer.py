"""From an order to a PDF: the printer that API, dashboard and command line share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from handbill.catalog.logos import Logos
from handbill.infra.database import Database, Tx
from handbill.infra.storage import Storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.errors import AddressNotPublic, Invalid
from handbill.kernel.languages import DEFAULT
from handbill.merchants.model import Tenant
from handbill.qr import prints as paper
from handbill.qr.prints import Printed
from handbill.web.pages.language import speak
from handbill.web.pages.prints import facts, plans, wording
from handbill.web.pages.prints.pictures import Pictures
from handbill.web.pages.prints.wording import Job
from handbill.web.prints import Facts, Order, PrintedFile


class PagePrinter:
    """A `web.prints.Printer`. `workshop` looks at pictures, `press` sets type and reads codes."""

    def __init__(
        self,
        db: Database,
        storage: Storage,
        workshop: Workshop,
        logos: Logos,
        press: Workshop,
        addresses: Addresses,
    ) -> None:
        self._db = db
        self._pictures = Pictures(storage, workshop, logos)
        self._press = press
        self._addresses = addresses

    async def judge(self, tenant: Tenant, order: Order) -> None:
        await self._db.read(lambda tx: plans.read(tx, tenant, order))
        if not order.force and (words := facts.refusal(self._addresses.base)):
            raise AddressNotPublic(words)

    async def check(self, tenant: Tenant, order: Order) -> Facts:
        job = await self._prepare(tenant, order)
        return facts.facts_of(job, await self._set(job), self._addresses.base)

    async def print(self, tenant: Tenant, order: Order) -> PrintedFile:
        await self.judge(tenant, order)
        job = await self._prepare(tenant, order)
        printed = await self._set(job)
        await self._db.write(lambda tx: self._note(tx, job, printed), merchant=tenant.merchant_id)
        name = wording.file_name(job.plan, order, job.language)
        return PrintedFile(printed.pdf, name, facts.facts_of(job, printed, self._addresses.base))

    async def preview(self, tenant: Tenant, order: Order, ppi: int) -> bytes:
        job = await self._prepare(tenant, order)
        card = wording.cards_of(job.plan, order, job.language, self._addresses)[0]
        return await paper.png(self._press, job.sheet, card, ppi)

    async def _prepare(self, tenant: Tenant, order: Order) -> Job:
        plan = await self._db.read(lambda tx: plans.read(tx, tenant, order))
        language = speak(order.lang or plan.full.link.lang or DEFAULT)
        with _named_as_asked():
            style = await self._pictures.style(plan, order)
        found = await self._pictures.wanted(plan, order)
        missing = tuple(name for name, picture in found.items() if picture is None)
        sheet = wording.sheet_of(plan, order, language, style, **found)
        return Job(plan, order, language, sheet, missing)

    async def _set(self, job: Job) -> Printed:
        cards = wording.cards_of(job.plan, job.order, job.language, self._addresses)
        with _named_as_asked():
            return await paper.pdf(self._press, job.sheet, cards)

    def _note(self, tx: Tx, job: Job, printed: Printed) -> None:
        words = wording.price_words(job.plan, job.order, job.language)
        is_on_it = bool(words) and words not in printed.left_out
        plans.note(tx, job.plan, job.order, self._addresses.base, with_price=is_on_it)


@contextmanager
def _named_as_asked() -> Iterator[None]:
    """What is said of a code, by the names that an order has for it."""
    try:
        yield
    except Invalid as error:
        faults = {_NAMES.get(name, name): words for name, words in error.faults.items()}
        raise type(error)(faults, error.detail) from None


_NAMES = {"mm": "template", "logo": "logo_in_code"}
