"""A merchant that sells, with payers who press Pay, an acquirer in memory and a worker that is
stepped by hand. Everything goes through the verbs of the product."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from handbill import events
from handbill.catalog.products import Product, ProductTerms
from handbill.events import Event
from handbill.inbox import PROCESS, Inbox
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.infra.jobs import Worker
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import ManualClock
from handbill.links import ends, products, service
from handbill.links import store as links
from handbill.links.model import AmountType, Link, Terms
from handbill.links.service import Made
from handbill.merchants import accounts
from handbill.merchants import service as merchants
from handbill.merchants.accounts import Acquirers
from handbill.merchants.fees import Fee, FeeRule
from handbill.merchants.model import Account, Tenant
from handbill.merchants.service import NewMerchant
from handbill.payments import giving_up, model, refund_store, refunding, store
from handbill.payments import service as payments
from handbill.payments.decisions import Decisions
from handbill.payments.model import Attempt, Payment
from handbill.payments.order import Order, hash_payer
from handbill.payments.reconciling import Reconciler
from handbill.payments.refund import Refund
from handbill.payments.refunds import Refunds
from handbill.payments.start import Payments, Started
from handbill.providers import transfer
from handbill.providers.contract import Charged, Notification, Outcome
from handbill.providers.registry import Opener, Registry
from handbill.screening import service as screening
from tests.support.fake_acquirer import Answer, FakeAcquirer, reference_of

T = TypeVar("T")

CRYPTO = Crypto(b"a key that only the tests have!!" * 2)
FIVE_PERCENT = FeeRule(payer=Fee(basis_points=500), merchant=Fee(basis_points=500))


class Records:
    """What a test looks up afterwards."""

    db: Database
    merchant: NewMerchant

    async def payment(self, started: Started) -> Payment:
        return await self.db.read(lambda tx: store.get(tx, started.payment.id))

    async def attempt(self, started: Started) -> Attempt:
        return await self.db.read(lambda tx: store.get_attempt(tx, started.attempt.id))

    async def link_now(self, link: Link) -> Link:
        found = await self.db.read(lambda tx: links.find_for_page(tx, link.id))
        assert found is not None
        return found

    async def link_of(self, started: Started) -> Link:
        found = await self.db.read(
            lambda tx: links.find_for_page(tx, started.payment.link_id or "")
        )
        assert found is not None
        return found

    async def events(self, about: str | None = None) -> list[Event]:
        """All of the merchant's, or those about one object."""
        found = await self.db.read(lambda tx: events.after(tx, self.merchant.id, 0, 10_000))
        return [event for event in found if about in (None, event.object_id)]

    async def told(self, started: Started) -> list[str]:
        """The types of the events about a payment, without their beginning."""
        found = await self.events(started.payment.id)
        return [event.type.removeprefix("payment.") for event in found]

    async def refunds_of(self, started: Started) -> list[Refund]:
        return await self.db.read(lambda tx: refund_store.of_payment(tx, started.payment.id))

    async def account_of(self, started: Started) -> Account:
        return await self.db.read(lambda tx: accounts.get(tx, started.attempt.account_id))


class Shop(Records):
    """`open_shop` makes one. Without acquirers it is the same shop after a start that left its
    acquirer out."""

    def __init__(
        self, db: Database, clock: ManualClock, merchant: NewMerchant, *, acquirers: bool = True
    ) -> None:
        self.db = db
        self.clock = clock
        self.merchant = merchant
        self.tenant = Tenant(merchant.id, True)
        self.acquirer = FakeAcquirer()
        openers: dict[str, Opener] = {"fake": lambda _: self.acquirer} if acquirers else {}
        openers[transfer.NAME] = transfer.open
        self.acquirers = opened = Acquirers(Registry(openers), CRYPTO)
        self.payments = Payments(opened, Addresses("https://pay.example"))
        self.inbox = Inbox(opened)
        self.refunds = Refunds(opened)
        self.decisions = Decisions(opened)
        reconciler = Reconciler(opened)
        handlers = {
            ends.CLOSE_EXPIRED: ends.close_expired,
            model.RECONCILE: reconciler.reconcile,
            model.LOOK_BACK: reconciler.look_back,
            model.RELEASE: reconciler.release,
            payments.GIVE_UP: giving_up.give_up,
            refunding.REFUND: self.refunds.reconcile,
            PROCESS: self.inbox.process,
            screening.SWEEP: screening.sweep,
        }
        self.worker = Worker(db, handlers, clock)
        self._numbers = itertools.count(1)

    async def write(self, fn: Callable[[Tx], T]) -> T:
        return await self.db.write(fn, merchant=self.merchant.id)

    async def account(
        self, provider: str = "fake", methods: tuple[str, ...] = ("card", "sbp")
    ) -> Account:
        return await self.write(
            lambda tx: accounts.add(tx, CRYPTO, self.tenant, provider, {}, methods)
        )

    async def link(self, **terms: Any) -> Link:
        """A reusable link over 10 roubles, where `terms` do not say otherwise."""
        return (await self.make_link(**terms)).full.link

    async def make_link(self, products: tuple[str, ...] = (), **terms: Any) -> Made:
        plain = {"amount_type": AmountType.FIXED, "amount_minor": 1_000, "currency": "RUB"}
        asked = Terms(**{**plain, **terms})
        return await self.write(lambda tx: service.create(tx, self.tenant, asked, products, ()))

    async def change_link(
        self, link: Link, products: tuple[str, ...] | None = None, **changes: Any
    ) -> Made:
        return await self.write(
            lambda tx: service.change(tx, self.tenant, link.id, changes, products, ())
        )

    async def product(self, **terms: Any) -> Product:
        asked = ProductTerms(**{"header": "Coffee", "price_minor": 350, **terms})
        return await self.write(lambda tx: products.create(tx, self.tenant, asked))

    async def pay(
        self, link: Link, payer: str | None = "anna", method: str | None = "card", **order: Any
    ) -> Started:
        who = hash_payer(payer) if payer else None
        return await self.payments.start(
            self.db, Order(link_id=link.id, method=method, payer=who, **order)
        )

    def says(self, started: Started, answer: Answer) -> None:
        """From now on the acquirer says this of the attempt."""
        reference = reference_of(started.attempt.id)
        if isinstance(answer, msgspec.Struct):
            answer = msgspec.structs.replace(answer, reference=reference)
        self.acquirer.known[reference] = answer

    async def hears(self, started: Started, outcome: Outcome) -> Payment:
        """The acquirer says so, and notifies."""
        self.says(started, outcome)
        account = await self.account_of(started)
        await self.notified(account, f"event {next(self._numbers)}", started)
        await self.work()
        return await self.payment(started)

    async def notified(
        self, account: Account, event_id: str, started: Started, **more: Any
    ) -> None:
        hint = Notification(event_id, reference_of(started.attempt.id), **more)
        headers, body = {"x-signature": "good"}, msgspec.json.encode(hint)
        await self.inbox.take(self.db, "fake", account.token, headers, body, "192.0.2.1")

    async def refund(self, started: Started, amount: int | None = None) -> Refund:
        def begin(tx: Tx) -> Refund:
            payment = payments.get(tx, self.tenant, started.payment.id)
            return refunding.open_refund(tx, payment, amount, "The guest left")

        return await self.refunds.send(self.db, (await self.write(begin)).id)

    async def charged(self, started: Started) -> Payment:
        return await self.hears(started, Charged("", started.attempt.amount))

    async def work(self) -> None:
        """Runs what is due until nothing is."""
        while await self.worker.step():
            pass

    async def wait(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds)
        await self.work()


async def open_shop(db: Database, clock: ManualClock, *, name: str = "Shop") -> Shop:
    """A merchant with keys, and an account for test payments by card and by SBP."""
    merchant = await db.write(lambda tx: merchants.create(tx, CRYPTO, name, None))
    shop = Shop(db, clock, merchant)
    await shop.account()
    return shop
