"""Notifications: signed by the acquirer, read by the adapter, believed in neither form nor time
unless both fit."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from handbill.infra.outbound import Outbound
from handbill.kernel.clock import HOUR, MINUTE, SECOND, ManualClock
from handbill.kernel.errors import NotAuthentic
from handbill.kernel.money import Money
from handbill.providers import sandbox
from handbill.providers.contract import Notification, Provider
from tests.providers.bench import Act, Bench, Received, SandboxBench, order

ADDRESS = "127.0.0.1"
SECRET = "ns_sandbox_of_this_test"


async def notified(bench: Bench) -> tuple[str, Received]:
    """The reference of a paid payment, and the notification that came of it."""
    created = await bench.provider.create(order(bench))
    await bench.play(created, Act.PAY)
    return created.reference, bench.mailbox.received[-1]


@pytest.mark.anyio
async def test_a_notification_names_the_payment(bench: Bench) -> None:
    reference, sent = await notified(bench)

    hint = bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)

    assert hint == Notification(hint.event_id, reference)
    assert hint.event_id


@pytest.mark.anyio
async def test_a_notification_of_a_refund_names_payment_and_refund(bench: Bench) -> None:
    reference, _ = await notified(bench)
    refund = await bench.provider.refund(reference, Money(400, "RUB"), "refund-1")
    await bench.settle()
    sent = bench.mailbox.received[-1]

    hint = bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)

    assert hint == Notification(hint.event_id, reference, refund.reference, "refund-1")


@pytest.mark.anyio
async def test_a_dispute_is_told_as_one(bench: Bench) -> None:
    created = await bench.provider.create(order(bench))
    await bench.play(created, Act.PAY_AND_DISPUTE)
    bench.clock.advance(MINUTE)
    await bench.settle()
    told = [
        bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)
        for sent in bench.mailbox.received[1:]
    ]

    assert told == [Notification(told[0].event_id, created.reference, is_dispute=True)]


@pytest.mark.anyio
async def test_a_second_charge_is_told_by_its_own_reference(bench: Bench) -> None:
    created = await bench.provider.create(order(bench))
    await bench.play(created, Act.PAY_TWICE)
    bench.clock.advance(MINUTE)
    await bench.settle()

    sent = bench.mailbox.received[-1]
    hint = bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)

    assert len(bench.mailbox.received) == 2
    assert hint.reference != created.reference
    assert await bench.provider.fetch(hint.reference, "") is not None


@pytest.mark.anyio
async def test_a_repeat_carries_the_same_event(bench: Bench) -> None:
    bench.mailbox.answers = [500, 302, 200]
    await notified(bench)
    for _ in range(3):
        bench.clock.advance(MINUTE)
        await bench.settle()

    assert len(bench.mailbox.received) == 3
    # The last one is still fresh: its signature was made anew, its event was not.
    last = bench.mailbox.received[-1]
    hint = bench.provider.parse_notification(last.headers, last.body, ADDRESS)
    told = {json.loads(sent.body)["event_id"] for sent in bench.mailbox.received}
    assert told == {hint.event_id}


@pytest.mark.anyio
async def test_a_changed_body_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification(sent.headers, sent.body + b" ", ADDRESS)


@pytest.mark.anyio
async def test_a_notification_without_its_headers_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification({}, sent.body, ADDRESS)


@pytest.mark.anyio
async def test_another_shops_notification_is_not_authentic(sandbox_bench: SandboxBench) -> None:
    _, sent = await notified(sandbox_bench)
    stranger = sandbox_bench.reopen(notification_secret="ns_sandbox_other")

    with pytest.raises(NotAuthentic):
        stranger.parse_notification(sent.headers, sent.body, ADDRESS)


@pytest.mark.parametrize(
    ("shift", "believed"),
    [(-301, False), (-300, True), (0, True), (300, True), (301, False)],
)
def test_a_notification_is_believed_for_five_minutes_around_its_time(
    shift: int, believed: bool
) -> None:
    body = b'{"event_id": "e1", "type": "payment.charged", "payment": {"id": "p1"}}'
    headers = signed(body, shift)

    if believed:
        hint = account().parse_notification(headers, body, ADDRESS)
        assert (hint.event_id, hint.reference) == ("e1", "p1")
    else:
        with pytest.raises(NotAuthentic):
            account().parse_notification(headers, body, ADDRESS)


@pytest.mark.anyio
async def test_an_old_notification_that_is_sent_again_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    bench.clock.advance(HOUR)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"event_id": 1, "type": "payment.charged", "payment": {"id": "p"}}',
        b'"\xff"',
        b'{"a": 1}',
    ],
)
def test_a_signed_body_that_cannot_be_read_is_not_authentic(body: bytes) -> None:
    with pytest.raises(NotAuthentic):
        account().parse_notification(signed(body), body, ADDRESS)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "v1=00",
        "t=1",
        "t=x,v1=00",
        "t=²,v1=00",
        "t=1,v1=é",
        f"t={'9' * 400},v1=0",
        ",",
    ],
)
def test_a_garbled_signature_is_not_authentic(header: str) -> None:
    with pytest.raises(NotAuthentic):
        account().parse_notification({"x-sandbox-signature": header}, b"{}", ADDRESS)


def account() -> Provider:
    credentials = {
        "base_url": "http://127.0.0.1:1",
        "secret_key": "sk",
        "notification_secret": SECRET,
    }
    return sandbox.open(credentials, Outbound(guarded=False), ManualClock())


def signed(body: bytes, shift_seconds: int = 0) -> dict[str, str]:
    """Made here once more from the acquirer's documents, so that both sides are held to them."""
    seconds = ManualClock().now() // SECOND + shift_seconds
    message = f"{seconds}.".encode() + body
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    return {"x-sandbox-signature": f"t={seconds},v1={digest}"}
