"""A courier that takes nothing anywhere, and a merchant who listens by it."""

from __future__ import annotations

from typing import Any

from handbill.events import LINK_REQUESTED, TYPES
from handbill.infra.database import Tx
from handbill.infra.jobs import Worker
from handbill.kernel.errors import Unavailable
from handbill.links import facts
from handbill.notices import relay, service, store
from handbill.notices.courier import Courier
from handbill.notices.model import Channel, Kind, Message
from handbill.notices.service import Terms
from handbill.notices.telling import Teller
from handbill.notices.wording import Language
from handbill.web.pages.language import speak
from tests.support.shop import CRYPTO, Shop

TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFake01"
CHAT = "-1001234567890"


class FakeCourier(Courier):
    """Remembers what it was given. `error` is what it says of everything; while `busy`, it takes
    nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.error: str | None = None
        self.busy = False

    @property
    def has_mail(self) -> bool:
        return True

    @property
    def said(self) -> list[str]:
        """What each message says first."""
        return [message.subject for _, message in self.sent]

    async def send(
        self, channel: Channel, message: Message, key: str, language: Language
    ) -> str | None:
        if self.busy:
            raise Unavailable("busy")
        if self.error is None:
            self.sent.append((channel.id, message))
        return self.error


class Listener:
    """A shop with a courier. `hear` lets everything be told that is due."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.courier = FakeCourier()
        self.teller = Teller(self.courier, speak)
        self.worker = Worker(shop.db, {relay.TELL: self.teller.tell}, shop.clock)

    async def add(self, **terms: Any) -> Channel:
        """To Telegram, of everything, where `terms` do not say otherwise."""
        said = Terms(**{"kind": Kind.TELEGRAM, "token": TOKEN, "chat": CHAT, **terms})
        return await self.shop.write(
            lambda tx: service.create(tx, CRYPTO, self.shop.tenant, said, has_mail=True)
        )

    async def change(self, channel: Channel, **changes: Any) -> Channel:
        return await self.shop.write(
            lambda tx: service.change(tx, CRYPTO, channel.tenant, channel.id, changes)
        )

    async def now(self, channel: Channel) -> Channel:
        found = await self.shop.db.read(lambda tx: store.find_any(tx, channel.id))
        assert found is not None
        return found

    async def hear(self) -> None:
        await relay.look(self.shop.db)
        while await self.worker.step():
            pass

    async def wait(self, milliseconds: int) -> None:
        self.shop.clock.advance(milliseconds)
        await self.hear()

    async def happens(self, type: str = LINK_REQUESTED, count: int = 1, **link: Any) -> None:
        """Events about a link, without what would lead to them."""
        assert type in TYPES
        about = await self.shop.link(**link)

        def record(tx: Tx) -> None:
            for _ in range(count):
                facts.record_link(tx, type, about, ())

        await self.shop.write(record)
