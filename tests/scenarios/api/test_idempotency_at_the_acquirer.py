"""`Idempotency-Key` where an acquirer has to be asked: between the first transaction and the last
anything may happen, and nothing happens twice."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import msgspec
import pytest

from handbill.idempotency import RUNS_AT_MOST
from handbill.infra.database import Database
from handbill.kernel.clock import MINUTE, ManualClock
from handbill.kernel.errors import (
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
)
from handbill.kernel.money import Money
from handbill.links.model import CaptureMode, PayConfig
from handbill.merchants.keys import Keyring
from handbill.payments.start import Started
from handbill.providers.contract import Authorized, RefundOutcome
from tests.scenarios.api.conftest import ApiHouse
from tests.support.fake_acquirer import FakeAcquirer
from tests.support.shop import CRYPTO, Shop, open_shop

pytestmark = pytest.mark.anyio

KEY = "refund-1"


class ThoughtfulAcquirer(FakeAcquirer):
    """Answers refunds only while `may_answer` is set. `is_asked` says that it was asked for one;
    `breaks` is a mistake in how we ask."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()
        self.breaks = False

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        self.is_asked.set()
        await self.may_answer.wait()
        if self.breaks:
            raise RuntimeError("a mistake of ours")
        return await super().refund(reference, amount, refund_id)

    @property
    def refund_keys(self) -> set[str]:
        return {key for _, _, key in self.asked_refunds}


class Till:
    """A shop behind its API, with a payment that was charged."""

    def __init__(self, house: ApiHouse, shop: Shop, acquirer: ThoughtfulAcquirer) -> None:
        self.shop, self.acquirer = shop, acquirer
        deps = msgspec.structs.replace(
            house.deps,
            crypto=CRYPTO,
            keyring=Keyring(shop.db, CRYPTO, shop.clock),
            acquirers=shop.acquirers,
        )
        self.api = ApiHouse(deps, shop.merchant, house.other_merchant).shop

    async def paid(self) -> Started:
        started = await self.shop.pay(await self.shop.link())
        await self.shop.charged(started)
        return started

    async def held(self) -> Started:
        by_hand = PayConfig(methods=("card",), capture=CaptureMode.MANUAL)
        started = await self.shop.pay(await self.shop.link(pay_config=by_hand))
        await self.shop.hears(started, Authorized("", started.attempt.amount))
        return started

    async def refund(self, started: Started, amount: int | None = 400) -> httpx2.Response:
        return await self.ask(started, "refunds", {"amount": amount})

    async def ask(self, started: Started, verb: str, body: Any = None) -> httpx2.Response:
        path = f"/api/v1/transactions/{started.payment.id}/{verb}"
        return await self.api.post(path, json=body, headers={"idempotency-key": KEY})

    async def refunds(self, started: Started) -> list[dict[str, Any]]:
        answer = await self.api.get(f"/api/v1/transactions/{started.payment.id}/refunds")
        found: list[dict[str, Any]] = answer.json()["data"]
        return found


@pytest.fixture
async def till(house: ApiHouse, db: Database, clock: ManualClock) -> Till:
    shop = await open_shop(db, clock)
    acquirer = shop.acquirer = ThoughtfulAcquirer()
    return Till(house, shop, acquirer)


def is_replay_of(first: httpx2.Response, second: httpx2.Response) -> bool:
    alike = (first.status_code, first.content) == (second.status_code, second.content)
    return alike and second.headers.get("idempotent-replayed") == "true"


async def test_a_refund_that_is_asked_for_again_is_not_made_again(till: Till) -> None:
    started = await till.paid()

    first, second = await till.refund(started), await till.refund(started)

    assert (first.status_code, first.json()["data"]["status"]) == (201, "succeeded")
    assert is_replay_of(first, second)
    assert len(till.acquirer.asked_refunds) == len(await till.refunds(started)) == 1


async def test_repeats_wait_outside_while_the_acquirer_thinks(till: Till) -> None:
    started = await till.paid()
    till.acquirer.may_answer.clear()
    first = asyncio.create_task(till.refund(started))
    await till.acquirer.is_asked.wait()

    repeats = await asyncio.gather(*(till.refund(started) for _ in range(5)))
    other = await till.refund(started, 500)

    assert {(one.status_code, one.json()["error"]) for one in repeats} == {
        (409, "idempotency_in_progress")
    }
    assert {one.headers["retry-after"] for one in repeats} == {"2"}
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    till.acquirer.may_answer.set()
    assert is_replay_of(await first, await till.refund(started))
    assert len(await till.refunds(started)) == 1


@pytest.mark.parametrize("job_was_quicker", [False, True])
async def test_a_process_dies_between_claim_and_settle_and_90_seconds_later_it_goes_on(
    till: Till, job_was_quicker: bool
) -> None:
    # Given a process that died while the acquirer was being asked
    started = await till.paid()
    till.acquirer.may_answer.clear()
    dying = asyncio.create_task(till.refund(started))
    await till.acquirer.is_asked.wait()
    dying.cancel()
    await asyncio.wait([dying])
    till.acquirer.may_answer.set()

    # When it is asked for again: at first another could still be at it
    till.shop.clock.advance(RUNS_AT_MOST - 1)
    if job_was_quicker:
        await till.shop.work()
    early = await till.refund(started)
    till.shop.clock.advance(1)
    late = await till.refund(started)

    # Then the same refund went on, with the same key at the acquirer
    assert (early.status_code, early.json()["error"]) == (409, "idempotency_in_progress")
    assert (late.status_code, late.json()["data"]["status"]) == (201, "succeeded")
    assert is_replay_of(late, await till.refund(started))
    assert till.acquirer.refund_keys == {late.json()["data"]["id"]}
    assert len(await till.refunds(started)) == 1


async def test_what_broke_on_our_side_is_gone_on_with_at_once(till: Till) -> None:
    started = await till.paid()
    till.acquirer.breaks = True
    broken = await till.refund(started)
    till.acquirer.breaks = False

    again = await till.refund(started)

    assert [broken.status_code, again.status_code] == [500, 201]
    assert [one["id"] for one in await till.refunds(started)] == [again.json()["data"]["id"]]


@pytest.mark.parametrize("silence", [OutcomeUnknown, ProviderUnavailable])
async def test_the_answer_stays_as_it_was_given_whatever_came_of_the_refund(
    till: Till, silence: type[ProviderError]
) -> None:
    # Given an acquirer that says nothing, so that the refund is answered as requested
    started = await till.paid()
    till.acquirer.next_refunds.append(silence("no answer"))
    first = await till.refund(started)
    assert first.json()["data"]["status"] == "requested"

    # When its job finds out
    await till.shop.wait(MINUTE)

    # Then the refund says so, and the answer is still the answer
    assert is_replay_of(first, await till.refund(started))
    assert [one["status"] for one in await till.refunds(started)] == ["succeeded"]


async def test_a_refund_of_too_much_is_corrected_under_the_same_key(till: Till) -> None:
    started = await till.paid()

    refused, corrected = await till.refund(started, 5_000), await till.refund(started)

    assert (refused.status_code, corrected.status_code) == (422, 201)
    assert len(await till.refunds(started)) == 1


async def test_what_the_acquirer_refused_is_asked_for_anew(till: Till) -> None:
    # Given a capture that was refused, so that the money is still held
    started = await till.held()
    till.acquirer.next_captures.append(ProviderRejected("not now"))
    refused = await till.ask(started, "capture", {})
    assert (refused.status_code, refused.json()["error"]) == (409, "capture_refused")

    # When
    taken = await till.ask(started, "capture", {})

    # Then
    assert (taken.status_code, taken.json()["data"]["status"]) == (200, "charged")
    assert is_replay_of(taken, await till.ask(started, "capture", {}))
    assert len(till.acquirer.captures) == 2


async def test_a_cancelled_transaction_is_cancelled_once(till: Till) -> None:
    started = await till.held()

    first, second = [await till.ask(started, "cancel") for _ in range(2)]

    assert (first.status_code, first.json()["data"]["status"]) == (200, "cancelled")
    assert is_replay_of(first, second)
    assert len(till.acquirer.cancels) == 1
