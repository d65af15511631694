"""SBP moves roubles: a link in another currency does not offer it, and says so to its merchant."""

from __future__ import annotations

import pytest

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database
from handbill.merchants import accounts
from handbill.merchants import store as merchants
from handbill.merchants.model import Tenant

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("currency", "methods"), [("RUB", ["card", "sbp"]), ("USD", ["card"])])
async def test_sbp_is_offered_in_roubles_only(
    db: Database, currency: str, methods: list[str]
) -> None:
    crypto = Crypto(b"an installation key of the tests")
    merchant = await db.write(lambda tx: merchants.add_merchant(tx, "Shop", None))
    tenant = Tenant(merchant, True)
    await db.write(
        lambda tx: accounts.add(tx, crypto, tenant, "sandbox", {}, ("card", "sbp")),
        merchant=merchant,
    )

    offered = await db.read(lambda tx: accounts.offered(tx, tenant, currency))

    assert list(offered) == methods
