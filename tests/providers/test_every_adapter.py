"""What holds of every adapter, also of one whose acquirer tells nothing."""

from __future__ import annotations

import pytest

from handbill.kernel.clock import DAY
from handbill.kernel.errors import NotAuthentic, ProviderRejected
from handbill.kernel.ids import new_id
from handbill.kernel.money import Money
from handbill.providers.contract import ActionRequired, Cancelled
from tests.providers.bench import Bench, order

pytestmark = pytest.mark.anyio


async def test_what_the_acquirer_never_saw_is_none(every_bench: Bench) -> None:
    unknown = new_id(every_bench.clock.now())

    assert await every_bench.provider.fetch(None, unknown) is None
    assert await every_bench.provider.fetch(unknown, unknown) is None
    assert await every_bench.provider.fetch("no-such-reference", unknown) is None


async def test_the_same_key_twice_is_one_payment(every_bench: Bench) -> None:
    charge = order(every_bench)

    first = await every_bench.provider.create(charge)
    again = await every_bench.provider.create(charge)

    assert again == first


async def test_a_payment_that_still_waits_can_be_cancelled(every_bench: Bench) -> None:
    created = await every_bench.provider.create(order(every_bench))

    cancelled = await every_bench.provider.cancel(created.reference, "cancel-1")

    assert cancelled == await every_bench.provider.cancel(created.reference, "cancel-2")
    assert cancelled == Cancelled(created.reference)


async def test_an_open_payment_is_not_refunded(every_bench: Bench) -> None:
    created = await every_bench.provider.create(order(every_bench))

    with pytest.raises(ProviderRejected):
        await every_bench.provider.refund(created.reference, Money(1, "RUB"), "refund-1")


async def test_a_usable_account_has_no_fault(every_bench: Bench) -> None:
    assert await every_bench.provider.check() is None


async def test_the_payer_is_told_where_to_go_on(every_bench: Bench) -> None:
    charge = order(every_bench)

    outcome = await every_bench.provider.create(charge)

    assert isinstance(outcome, ActionRequired)
    assert outcome.reference
    assert [outcome.redirect_url, outcome.qr_payload].count(None) == 1
    assert outcome.expires_at == charge.expires_at


async def test_what_nobody_sent_is_no_notification(every_bench: Bench) -> None:
    with pytest.raises(NotAuthentic):
        every_bench.provider.parse_notification({}, b"{}", "192.0.2.1")


async def test_of_what_nobody_tells_the_payer_must_act_until_a_person_says_more(
    silent_bench: Bench,
) -> None:
    charge = order(silent_bench)
    created = await silent_bench.provider.create(charge)

    silent_bench.clock.advance(365 * DAY)

    known = await silent_bench.provider.fetch(created.reference, charge.attempt_id)
    assert known == ActionRequired(created.reference)


async def test_what_cannot_be_sent_back_from_here_is_refused(silent_bench: Bench) -> None:
    created = await silent_bench.provider.create(order(silent_bench))

    assert not silent_bench.provider.capabilities.refunds
    with pytest.raises(ProviderRejected):
        await silent_bench.provider.refund(created.reference, Money(1, "RUB"), "refund-1")
    found = await silent_bench.provider.fetch_refund(None, "refund-1", created.reference)
    assert found is None


async def test_what_is_not_held_is_not_captured(silent_bench: Bench) -> None:
    created = await silent_bench.provider.create(order(silent_bench))

    assert not silent_bench.provider.capabilities.two_stage
    with pytest.raises(ProviderRejected):
        await silent_bench.provider.capture(created.reference, Money(1000, "RUB"), "capture-1")
