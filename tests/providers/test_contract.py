"""The conformance table: every case, every adapter, over real HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.kernel.clock import DAY, HOUR
from handbill.kernel.errors import ProviderRejected
from handbill.kernel.ids import new_id
from handbill.kernel.money import Money
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Cancelled,
    Charged,
    Declined,
    Outcome,
    Pending,
    RefundFailed,
    RefundOutcome,
    RefundPending,
    RefundSucceeded,
)
from tests.providers.bench import Act, Bench, order

pytestmark = pytest.mark.anyio


class Case(msgspec.Struct, frozen=True):
    """What the payer does and what the acquirer then says, apart from its reference and words."""

    method: str
    act: Act
    kind: type[Any]
    code: str | None = None
    expired: bool | None = None

    def fits(self, outcome: Outcome | None) -> bool:
        return (
            isinstance(outcome, self.kind)
            and getattr(outcome, "code", None) == self.code
            and getattr(outcome, "expired", None) == self.expired
        )


CASES = (
    Case("card", Act.PAY, Charged),
    Case("card", Act.PASS_CHALLENGE, Charged),
    Case("card", Act.HAVE_NO_MONEY, Declined, code="insufficient_funds"),
    Case("card", Act.BE_REFUSED, Declined, code="card_declined"),
    Case("card", Act.BE_SUSPECTED, Declined, code="do_not_honour"),
    Case("card", Act.FAIL_CHALLENGE, Declined, code="3ds_failed"),
    Case("card", Act.ABANDON_CHALLENGE, Cancelled, expired=True),
    Case("card", Act.LET_EXPIRE, Cancelled, expired=True),
    Case("card", Act.GIVE_UP, Cancelled, expired=False),
    Case("card", Act.PAY_SLOWLY, Pending),
    Case("sbp", Act.SCAN_AND_PAY, Charged),
    Case("sbp", Act.SCAN, ActionRequired),
    Case("sbp", Act.REJECT_IN_APP, Declined, code="do_not_honour"),
    Case("sbp", Act.LET_EXPIRE, Cancelled, expired=True),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method}-{case.act.name}")
async def test_what_the_payer_does_is_read_by_reference_and_by_attempt(
    bench: Bench, case: Case
) -> None:
    charge = order(bench, method=case.method, minor=350)
    created = await bench.provider.create(charge)

    await bench.play(created, case.act)

    by_reference = await bench.provider.fetch(created.reference, charge.attempt_id)
    by_attempt = await bench.provider.fetch(None, charge.attempt_id)
    assert by_reference == by_attempt
    assert case.fits(by_reference), by_reference
    assert by_reference is not None
    assert by_reference.reference == created.reference


async def test_a_card_payment_sends_the_payer_to_a_page_of_the_acquirer(bench: Bench) -> None:
    charge = order(bench)

    outcome = await bench.provider.create(charge)

    assert isinstance(outcome, ActionRequired)
    assert outcome.qr_payload is None
    assert outcome.expires_at == charge.expires_at
    origin = "/".join((outcome.redirect_url or "").split("/")[:3])
    assert origin in bench.provider.capabilities.page_hosts


async def test_a_fast_payment_gives_a_payload_for_a_qr(bench: Bench) -> None:
    charge = order(bench, method="sbp", minor=12_300)

    outcome = await bench.provider.create(charge)

    assert isinstance(outcome, ActionRequired)
    assert outcome.redirect_url is None
    assert outcome.qr_payload
    assert outcome.expires_at == charge.expires_at


async def test_a_fast_payment_in_another_currency_is_refused(bench: Bench) -> None:
    with pytest.raises(ProviderRejected):
        await bench.provider.create(order(bench, method="sbp", currency="USD"))


@pytest.mark.parametrize(
    "amount",
    [Money(1980, "JPY"), Money(105, "RUB"), Money(12_345, "KWD"), Money(9, "USD")],
    ids=str,
)
async def test_amounts_survive_the_round_trip_for_every_number_of_decimals(
    bench: Bench, amount: Money
) -> None:
    charge = order(bench, minor=amount.minor, currency=amount.currency)
    created = await bench.provider.create(charge)

    await bench.play(created, Act.PAY)

    charged = await bench.provider.fetch(created.reference, charge.attempt_id)
    assert charged == Charged(created.reference, amount, charge.attempt_id)


@pytest.mark.parametrize(
    ("act", "kind"),
    [(Act.PAY_SLOWLY, Charged), (Act.FAIL_SLOWLY, Declined)],
    ids=["paid", "failed"],
)
async def test_a_slow_payment_is_pending_and_then_ends(
    bench: Bench, act: Act, kind: type[Outcome]
) -> None:
    charge = order(bench)
    created = await bench.provider.create(charge)
    await bench.play(created, act)
    before = await bench.provider.fetch(created.reference, charge.attempt_id)

    bench.clock.advance(HOUR)
    await bench.settle()

    assert isinstance(before, Pending)
    after = await bench.provider.fetch(created.reference, charge.attempt_id)
    assert isinstance(after, kind)


async def test_a_key_with_another_request_is_refused(bench: Bench) -> None:
    charge = order(bench)
    await bench.provider.create(charge)

    with pytest.raises(ProviderRejected):
        await bench.provider.create(msgspec.structs.replace(charge, amount=Money(2000, "RUB")))


async def hold(bench: Bench, minor: int = 1000) -> tuple[str, str]:
    """A payment that waits for its capture: the acquirer's reference, our attempt."""
    charge = msgspec.structs.replace(order(bench, minor=minor), capture=False)
    created = await bench.provider.create(charge)
    await bench.play(created, Act.PAY)
    held = await bench.provider.fetch(created.reference, charge.attempt_id)
    assert held == Authorized(created.reference, Money(minor, "RUB"), charge.attempt_id)
    return created.reference, charge.attempt_id


@pytest.mark.parametrize("minor", [1000, 400], ids=["all", "a part"])
async def test_held_money_is_captured_once(bench: Bench, minor: int) -> None:
    reference, attempt_id = await hold(bench)
    amount = Money(minor, "RUB")

    first = await bench.provider.capture(reference, amount, "capture-1")
    again = await bench.provider.capture(reference, amount, "capture-1")

    assert first == again == Charged(reference, amount, attempt_id)
    assert await bench.provider.fetch(reference, attempt_id) == first
    with pytest.raises(ProviderRejected):
        await bench.provider.capture(reference, amount, "capture-2")


async def test_more_than_was_held_is_not_captured(bench: Bench) -> None:
    reference, attempt_id = await hold(bench)

    with pytest.raises(ProviderRejected):
        await bench.provider.capture(reference, Money(1001, "RUB"), "capture-1")

    assert isinstance(await bench.provider.fetch(reference, attempt_id), Authorized)


async def test_held_money_is_let_go_by_a_cancel(bench: Bench) -> None:
    reference, attempt_id = await hold(bench)

    cancelled = await bench.provider.cancel(reference, "cancel-1")

    assert cancelled == Cancelled(reference)
    assert await bench.provider.fetch(reference, attempt_id) == cancelled


async def test_held_money_is_let_go_when_nobody_takes_it(bench: Bench) -> None:
    reference, attempt_id = await hold(bench)
    bench.clock.advance(30 * DAY)
    await bench.settle()

    assert await bench.provider.fetch(reference, attempt_id) == Cancelled(reference, expired=True)
    with pytest.raises(ProviderRejected):
        await bench.provider.capture(reference, Money(1000, "RUB"), "capture-1")


async def test_a_part_that_was_captured_is_all_that_is_refunded(bench: Bench) -> None:
    reference, _ = await hold(bench)
    await bench.provider.capture(reference, Money(400, "RUB"), "capture-1")

    with pytest.raises(ProviderRejected):
        await bench.provider.refund(reference, Money(401, "RUB"), "refund-1")

    whole = await bench.provider.refund(reference, Money(400, "RUB"), "refund-2")
    assert whole == RefundSucceeded(whole.reference, Money(400, "RUB"))


async def test_an_attempt_that_is_paid_twice_shows_two_charges_each_with_its_own_refund(
    bench: Bench,
) -> None:
    charge = order(bench)
    created = await bench.provider.create(charge)
    await bench.play(created, Act.PAY_TWICE)
    bench.clock.advance(HOUR)
    await bench.settle()

    both = await bench.provider.fetch(created.reference, charge.attempt_id)

    assert isinstance(both, Charged)
    [second] = both.also
    assert second == Charged(second.reference, charge.amount, charge.attempt_id)
    assert both == Charged(created.reference, charge.amount, charge.attempt_id, also=(second,))
    assert both == await bench.provider.fetch(None, charge.attempt_id)
    assert await bench.provider.fetch(second.reference, charge.attempt_id) == second
    for number, reference in enumerate((second.reference, both.reference)):
        refunded = await bench.provider.refund(reference, charge.amount, f"refund-{number}")
        assert isinstance(refunded, RefundSucceeded)
        with pytest.raises(ProviderRejected):
            await bench.provider.refund(reference, Money(1, "RUB"), f"more-{number}")


async def test_money_may_come_after_the_end(bench: Bench) -> None:
    charge = order(bench)
    created = await bench.provider.create(charge)
    await bench.play(created, Act.PAY_TOO_LATE)
    before = await bench.provider.fetch(created.reference, charge.attempt_id)

    bench.clock.advance(HOUR)
    await bench.settle()

    assert before == Cancelled(created.reference, expired=True)
    after = await bench.provider.fetch(created.reference, charge.attempt_id)
    assert after == Charged(created.reference, charge.amount, charge.attempt_id)


async def charged(bench: Bench, minor: int = 1000, act: Act = Act.PAY) -> str:
    created = await bench.provider.create(order(bench, minor=minor))
    await bench.play(created, act)
    return created.reference


async def test_a_charged_payment_is_not_cancelled(bench: Bench) -> None:
    reference = await charged(bench)

    with pytest.raises(ProviderRejected):
        await bench.provider.cancel(reference, "cancel-1")


async def test_parts_are_refunded_until_nothing_is_left(bench: Bench) -> None:
    reference = await charged(bench, 1000)

    part = await bench.provider.refund(reference, Money(300, "RUB"), "refund-1")
    same = await bench.provider.refund(reference, Money(300, "RUB"), "refund-1")
    rest = await bench.provider.refund(reference, Money(700, "RUB"), "refund-2")

    assert same == part == RefundSucceeded(part.reference, Money(300, "RUB"))
    assert rest == RefundSucceeded(rest.reference, Money(700, "RUB"))
    assert await bench.provider.fetch_refund(rest.reference, "refund-2", reference) == rest
    assert await bench.provider.fetch_refund(None, "refund-2", reference) == rest
    with pytest.raises(ProviderRejected):
        await bench.provider.refund(reference, Money(1, "RUB"), "refund-3")


async def test_more_than_was_taken_is_not_refunded(bench: Bench) -> None:
    reference = await charged(bench, 1000)

    with pytest.raises(ProviderRejected):
        await bench.provider.refund(reference, Money(1001, "RUB"), "refund-1")

    whole = await bench.provider.refund(reference, Money(1000, "RUB"), "refund-2")
    assert isinstance(whole, RefundSucceeded)


async def test_a_refund_that_nobody_asked_for_is_none(bench: Bench) -> None:
    reference = await charged(bench)
    unknown = new_id(bench.clock.now())

    assert await bench.provider.fetch_refund(unknown, unknown, reference) is None
    assert await bench.provider.fetch_refund("no-such-reference", unknown, reference) is None
    assert await bench.provider.fetch_refund(None, unknown, reference) is None


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (Act.PAY_AND_GET_REFUNDS_SLOWLY, RefundSucceeded),
        (Act.PAY_AND_GET_NO_REFUND, RefundFailed),
    ],
    ids=["succeeds", "fails"],
)
async def test_a_slow_refund_is_pending_and_then_ends(
    bench: Bench, act: Act, kind: type[RefundOutcome]
) -> None:
    reference = await charged(bench, act=act)
    pending = await bench.provider.refund(reference, Money(600, "RUB"), "refund-1")
    assert pending == RefundPending(pending.reference)
    assert await bench.provider.fetch_refund(None, "refund-1", reference) == pending

    bench.clock.advance(HOUR)
    await bench.settle()

    ended = await bench.provider.fetch_refund(pending.reference, "refund-1", reference)
    assert isinstance(ended, kind)
    assert ended.reference == pending.reference


async def test_what_waits_to_be_refunded_is_not_refunded_twice_but_after_a_failure_again(
    bench: Bench,
) -> None:
    reference = await charged(bench, 1000, Act.PAY_AND_GET_NO_REFUND)
    await bench.provider.refund(reference, Money(1000, "RUB"), "refund-1")
    with pytest.raises(ProviderRejected):
        await bench.provider.refund(reference, Money(1, "RUB"), "refund-2")

    bench.clock.advance(HOUR)
    await bench.settle()

    again = await bench.provider.refund(reference, Money(1000, "RUB"), "refund-3")
    assert isinstance(again, RefundPending)


async def test_a_refund_that_the_acquirer_refuses_never_was(bench: Bench) -> None:
    reference = await charged(bench, act=Act.PAY_AND_BE_REFUSED_REFUNDS)

    with pytest.raises(ProviderRejected):
        await bench.provider.refund(reference, Money(100, "RUB"), "refund-1")

    assert await bench.provider.fetch_refund(None, "refund-1", reference) is None
