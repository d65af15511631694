"""What a batch reads once for all its functions, and how long a reading counts as unchanged."""

from __future__ import annotations

import pytest

from handbill.infra.crypto import Crypto
from handbill.infra.database import Database, Tx
from handbill.merchants import accounts, service
from handbill.merchants.model import Tenant
from tests.support.batches import together

pytestmark = pytest.mark.anyio

CRYPTO = Crypto(b"an installation key of the tests")


async def test_the_functions_of_a_batch_read_it_once(db: Database) -> None:
    readings: list[int] = []

    def read() -> int:
        readings.append(1)
        return len(readings)

    found = await together(db, *[lambda tx: tx.recall("it", read) for _ in range(5)])

    assert found == [1] * 5


async def test_the_next_batch_reads_it_anew(db: Database) -> None:
    assert await db.write(lambda tx: tx.recall("it", lambda: "old")) == "old"
    assert await db.write(lambda tx: tx.recall("it", lambda: "new")) == "new"


async def test_what_was_unlearned_is_read_again(db: Database) -> None:
    def act(tx: Tx) -> tuple[str, str]:
        before = tx.recall("it", lambda: "old")
        tx.unlearn("it")
        return before, tx.recall("it", lambda: "new")

    assert await db.write(act) == ("old", "new")


async def test_an_account_counts_for_those_who_asked_before_it_was_added(db: Database) -> None:
    def act(tx: Tx) -> tuple[set[str], set[str]]:
        tenant = Tenant(service.create(tx, CRYPTO, "Shop", None).id, True)
        before = set(accounts.offered(tx, tenant, "RUB"))
        accounts.add(tx, CRYPTO, tenant, "sandbox", {"secret_key": "s"}, ("card",))
        return before, set(accounts.offered(tx, tenant, "RUB"))

    assert await db.write(act) == (set(), {"card"})


async def test_a_reading_is_unchanged_until_something_is_committed(db: Database) -> None:
    mark = db.mark()
    await db.write(lambda tx: service.create(tx, CRYPTO, "Shop", None))

    assert not db.is_unchanged(mark)
    # Half a second may pass between two lines on a busy machine, but not a hundred times.
    assert any(db.is_unchanged(db.mark()) for _ in range(100))
