"""Notifications: signed by the acquirer, read by the adapter, believed in neither form nor time
unless both fit."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from handbill.kernel.clock import HOUR, MINUTE, SECOND
from handbill.kernel.errors import NotAuthentic
from tests.providers.bench import Act, Bench, Received, SandboxBench, order

pytestmark = pytest.mark.anyio

ADDRESS = "127.0.0.1"


async def notified(bench: Bench) -> tuple[str, Received]:
    """The reference of a paid payment, and the notification that came of it."""
    created = await bench.provider.create(order(bench))
    await bench.play(created, Act.PAY)
    return created.reference, bench.mailbox.received[-1]


async def test_a_notification_names_the_payment(bench: Bench) -> None:
    reference, sent = await notified(bench)

    hint = bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)

    assert hint.reference == reference
    assert hint.event_id


async def test_a_repeat_carries_the_same_event(bench: Bench) -> None:
    bench.mailbox.answers = [500, 302, 200]
    await notified(bench)
    for _ in range(3):
        bench.clock.advance(MINUTE)
        await bench.settle()

    hints = [
        bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)
        for sent in bench.mailbox.received[-1:]
    ]

    bodies = {sent.body for sent in bench.mailbox.received}
    assert len(bench.mailbox.received) == 3
    assert len(bodies) == 1
    assert json.loads(bodies.pop())["event_id"] == hints[0].event_id


async def test_a_changed_body_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification(sent.headers, sent.body + b" ", ADDRESS)


async def test_a_notification_without_its_headers_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification({}, sent.body, ADDRESS)


async def test_another_shops_notification_is_not_authentic(sandbox_bench: SandboxBench) -> None:
    _, sent = await notified(sandbox_bench)
    stranger = sandbox_bench.reopen(notification_secret="ns_sandbox_other")

    with pytest.raises(NotAuthentic):
        stranger.parse_notification(sent.headers, sent.body, ADDRESS)


@pytest.mark.parametrize(
    ("shift", "believed"),
    [(-301, False), (-300, True), (0, True), (300, True), (301, False)],
)
async def test_a_notification_is_believed_for_five_minutes_around_its_time(
    sandbox_bench: SandboxBench, shift: int, believed: bool
) -> None:
    body = b'{"event_id": "e1", "type": "payment.charged", "payment": {"id": "p1"}}'
    seconds = sandbox_bench.clock.now() // SECOND + shift
    headers = {"x-sandbox-signature": signature(sandbox_bench, body, str(seconds))}

    if believed:
        hint = sandbox_bench.provider.parse_notification(headers, body, ADDRESS)
        assert (hint.event_id, hint.reference) == ("e1", "p1")
    else:
        with pytest.raises(NotAuthentic):
            sandbox_bench.provider.parse_notification(headers, body, ADDRESS)


async def test_an_old_notification_that_is_sent_again_is_not_authentic(bench: Bench) -> None:
    _, sent = await notified(bench)

    bench.clock.advance(HOUR)

    with pytest.raises(NotAuthentic):
        bench.provider.parse_notification(sent.headers, sent.body, ADDRESS)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"event_id": 1, "payment": {"id": "p"}}', b'"\xff"', b'{"a": 1}']
)
async def test_a_signed_body_that_cannot_be_read_is_not_authentic(
    sandbox_bench: SandboxBench, body: bytes
) -> None:
    now = str(sandbox_bench.clock.now() // SECOND)
    headers = {"x-sandbox-signature": signature(sandbox_bench, body, now)}

    with pytest.raises(NotAuthentic):
        sandbox_bench.provider.parse_notification(headers, body, ADDRESS)


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
async def test_a_garbled_signature_is_not_authentic(
    sandbox_bench: SandboxBench, header: str
) -> None:
    with pytest.raises(NotAuthentic):
        sandbox_bench.provider.parse_notification({"x-sandbox-signature": header}, b"{}", ADDRESS)


def signature(bench: SandboxBench, body: bytes, seconds: str) -> str:
    """Made here once more from the acquirer's documents, so that both sides are held to them."""
    secret = bench.credentials["notification_secret"].encode()
    digest = hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"
