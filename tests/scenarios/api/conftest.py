"""The API over a real database, with two merchants who know nothing of each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from starlette.applications import Starlette

from handbill.catalog.logos import Logos
from handbill.infra import settings
from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.infra.storage import open_storage
from handbill.infra.workshop import Workshop
from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import ManualClock
from handbill.merchants import accounts, service
from handbill.merchants.accounts import Acquirers
from handbill.merchants.keys import Keyring
from handbill.merchants.model import Tenant
from handbill.merchants.service import NewMerchant
from handbill.notices.telling import Teller
from handbill.providers.registry import Registry
from handbill.web import api
from handbill.web.crowds import Crowds
from handbill.web.deps import Deps
from handbill.web.pages.assets import Assets
from handbill.web.pages.language import speak
from handbill.web.pages.prints.printer import PagePrinter
from handbill.web.pages.render import Renderer
from handbill.web.pages.snippets import SnippetMaker
from tests.support.notices import FakeCourier

BASE = "https://pay.example"


class ApiHouse:
    """`shop` sells; `other` is a stranger. Clients are named by merchant and mode."""

    def __init__(self, deps: Deps, shop: NewMerchant, other: NewMerchant) -> None:
        self.deps = deps
        self.shop_merchant, self.other_merchant = shop, other
        self._app = Starlette(routes=list(api.routes(deps)))
        self.shop = self.client(shop.api_keys["test"])
        self.shop_live = self.client(shop.api_keys["live"])
        self.other = self.client(other.api_keys["test"])
        self.stranger = self.client(None)

    def with_deps(self, **deps: Any) -> ApiHouse:
        """The same house with some things replaced."""
        replaced = msgspec.structs.replace(self.deps, **deps)
        return ApiHouse(replaced, self.shop_merchant, self.other_merchant)

    def client(self, key: str | None) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self._app),
            base_url=BASE,
            headers={} if key is None else {"x-api-key": key},
        )

    async def send_the_other_away(self) -> None:
        """The shop is alone in the house afterwards."""

        def remove(tx: Tx) -> None:
            for table, column in (
                ("api_keys", "merchant_id"),
                ("webhook_secrets", "merchant_id"),
                ("merchants", "id"),
            ):
                tx.run(f"DELETE FROM {table} WHERE {column} = :gone", gone=self.other_merchant.id)

        await self.deps.db.write(remove)


@pytest.fixture
async def house(db: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[ApiHouse]:
    crypto = Crypto(b"an installation key of the tests")
    options = {"data": str(tmp_path), "public_url": BASE, "webhook_networks": "127.0.0.0/8"}
    chosen = settings.load(options, {})
    workshop, storage = Workshop("handbill.catalog.pictures"), open_storage(chosen)
    logos = Logos(storage, workshop, clock)
    deps = Deps(
        db=db,
        acquirers=Acquirers(Registry({}), crypto),
        keyring=Keyring(db, crypto, clock),
        addresses=Addresses(BASE),
        clock=clock,
        rates=None,
        settings=chosen,
        crypto=crypto,
        storage=storage,
        workshop=workshop,
        teller=Teller(FakeCourier(), speak),
        tallies=db.tallies,
        crowds=Crowds(None, db.tallies),
        snippets=SnippetMaker(Addresses(BASE), Renderer(Assets())).make,
        printer=PagePrinter(db, storage, workshop, logos, workshop, Addresses(BASE)),
    )
    shop = await db.write(lambda tx: service.create(tx, crypto, "Shop", None))
    other = await db.write(lambda tx: service.create(tx, crypto, "Other", None))

    def add_accounts(tx: Tx) -> None:
        for test in (True, False):
            tenant = Tenant(shop.id, test)
            accounts.add(tx, crypto, tenant, "sandbox", {"secret_key": "s"}, ("card", "sbp"))

    await db.write(add_accounts)
    yield ApiHouse(deps, shop, other)
    await workshop.close()
