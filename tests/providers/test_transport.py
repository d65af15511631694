"""What the sandbox adapter makes of a network or a server that fails: nothing happened, or nobody
knows; never a guess."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from handbill.infra.outbound import Outbound
from handbill.kernel.clock import HOUR, ManualClock
from handbill.kernel.errors import OutcomeUnknown, ProviderRejected, ProviderUnavailable
from handbill.kernel.money import Money
from handbill.providers import sandbox
from handbill.providers.contract import (
    ActionRequired,
    Authorized,
    Charge,
    Charged,
    Provider,
    RefundSucceeded,
)
from tests.providers.bench import Act, SandboxBench, order
from tests.providers.loopback import dead_url, hangs_up, serve

pytestmark = pytest.mark.anyio

ROUBLE = Money(100, "RUB")
CHARGE = Charge(
    attempt_id="attempt",
    key="key",
    amount=ROUBLE,
    method="card",
    description="",
    return_url="http://shop.test/",
    notification_url="http://shop.test/",
    expires_at=ManualClock().now() + HOUR,
)
VERBS: dict[str, Callable[[Provider], Awaitable[object]]] = {
    "create": lambda provider: provider.create(CHARGE),
    "capture": lambda provider: provider.capture("reference", ROUBLE, "key"),
    "cancel": lambda provider: provider.cancel("reference", "key"),
    "refund": lambda provider: provider.refund("reference", ROUBLE, "key"),
    "fetch_refund": lambda provider: provider.fetch_refund("reference", "key", "payment"),
    "find_refund": lambda provider: provider.fetch_refund(None, "key", "payment"),
    "fetch": lambda provider: provider.fetch("reference", "attempt"),
    "find": lambda provider: provider.fetch(None, "attempt"),
}
ANSWERS: tuple[tuple[int, bytes, type[Exception]], ...] = (
    (500, b"", OutcomeUnknown),
    (503, b'{"error": {"code": "unavailable", "message": "busy"}}', OutcomeUnknown),
    (408, b"", OutcomeUnknown),
    (302, b"", OutcomeUnknown),
    (200, b"<html>Welcome</html>", OutcomeUnknown),
    (200, b'{"id": "1"}', OutcomeUnknown),
    (200, b"", OutcomeUnknown),
    (200, b'"\xff\xfe"', OutcomeUnknown),
    (200, b'{"data": [' + b" " * 2_000_000 + b"]}", OutcomeUnknown),
    (400, b'{"error": {"code": "invalid", "message": "no"}}', ProviderRejected),
    (401, b"", ProviderRejected),
    # Another server's "not here" must not pass for "no such payment, nothing happened".
    (404, b"<html>Not here</html>", ProviderRejected),
    (409, b"{}", ProviderRejected),
    (429, b"", ProviderUnavailable),
)


def account(outbound: Outbound, base_url: str) -> Provider:
    credentials = {"base_url": base_url, "secret_key": "sk", "notification_secret": "ns"}
    return sandbox.open(credentials, outbound, ManualClock())


class Parrot:
    """A server that says the same to everybody, whatever is asked."""

    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.status = status
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response(self.body, self.status)(scope, receive, send)


async def test_a_create_whose_answer_was_lost_is_found_by_its_attempt(
    sandbox_bench: SandboxBench,
) -> None:
    charge = order(sandbox_bench)

    async with hangs_up(sandbox_bench.base_url) as broken:
        with pytest.raises(OutcomeUnknown):
            await sandbox_bench.reopen(base_url=broken).create(charge)

    found = await sandbox_bench.provider.fetch(None, charge.attempt_id)
    assert isinstance(found, ActionRequired)
    assert await sandbox_bench.provider.create(charge) == found


async def test_a_refund_whose_answer_was_lost_is_found_and_repeated_by_our_id(
    sandbox_bench: SandboxBench,
) -> None:
    created = await sandbox_bench.provider.create(order(sandbox_bench, minor=1000))
    await sandbox_bench.play(created, Act.PAY)
    most = Money(600, "RUB")

    async with hangs_up(sandbox_bench.base_url) as broken:
        with pytest.raises(OutcomeUnknown):
            await sandbox_bench.reopen(base_url=broken).refund(created.reference, most, "refund-1")

    found = await sandbox_bench.provider.fetch_refund(None, "refund-1", created.reference)
    # 600 twice would be over the limit: an answer says that it was counted once.
    again = await sandbox_bench.provider.refund(created.reference, most, "refund-1")
    assert again == found == RefundSucceeded(again.reference, most)
    with pytest.raises(ProviderRejected):
        await sandbox_bench.provider.refund(created.reference, most, "refund-2")


async def test_of_several_payments_for_one_attempt_the_one_with_money_counts(
    sandbox_bench: SandboxBench,
) -> None:
    charge = order(sandbox_bench)
    held = await sandbox_bench.provider.create(
        msgspec.structs.replace(charge, key="held", capture=False)
    )
    paid = await sandbox_bench.provider.create(charge)
    other = await sandbox_bench.provider.create(msgspec.structs.replace(charge, key="another"))
    await sandbox_bench.play(held, Act.PAY)
    before = await sandbox_bench.provider.fetch(None, charge.attempt_id)
    await sandbox_bench.play(paid, Act.PAY)

    found = await sandbox_bench.provider.fetch(None, charge.attempt_id)

    assert before == Authorized(held.reference, charge.amount, charge.attempt_id)
    assert found == Charged(paid.reference, charge.amount, charge.attempt_id)
    assert other.reference != paid.reference


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
async def test_a_refused_connection_means_that_nothing_happened(
    outbound: Outbound, verb: Callable[[Provider], Awaitable[object]]
) -> None:
    with pytest.raises(ProviderUnavailable):
        await verb(account(outbound, dead_url()))


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
async def test_every_kind_of_answer_has_one_meaning(
    outbound: Outbound, verb: Callable[[Provider], Awaitable[object]]
) -> None:
    parrot = Parrot()
    async with serve(parrot) as url:
        for parrot.status, parrot.body, expected in ANSWERS:
            with pytest.raises(expected):
                await verb(account(outbound, url))


@pytest.mark.parametrize(
    "change",
    [
        {"status": "laundered"},
        {"status": "charged", "captured_amount": 0},
        {"status": "awaiting_payer", "payment_url": None},
        {"status": "charged", "captured_amount": "100"},
        {"status": "charged", "captured_amount": 100.0},
    ],
    ids=str,
)
async def test_a_payment_that_makes_no_sense_is_unknown(
    outbound: Outbound, change: dict[str, Any]
) -> None:
    payment = {
        "id": "1",
        "attempt_id": "attempt",
        "amount": 100,
        "captured_amount": 0,
        "currency": "RUB",
        "expires_at": 1,
        "payment_url": "http://shop.test/",
        "qr_payload": None,
        "decline": None,
        "repeats": [],
    }
    async with serve(Parrot(200, json.dumps(payment | change).encode())) as url:
        with pytest.raises(OutcomeUnknown):
            await account(outbound, url).fetch("1", "attempt")


async def test_the_check_tells_a_wrong_key_a_wrong_address_and_a_dead_one_apart(
    sandbox_bench: SandboxBench, outbound: Outbound
) -> None:
    wrong_key = await sandbox_bench.reopen(secret_key="sk_sandbox_wrong").check()
    dead = await account(outbound, dead_url()).check()
    async with serve(Parrot(200, b"<html>Welcome</html>")) as url:
        wrong_address = await account(outbound, url).check()

    assert wrong_key == "The sandbox acquirer does not know this secret key."
    assert wrong_address == "What answers at this address is not the sandbox acquirer."
    assert dead == "The sandbox acquirer cannot be reached."


def test_an_account_without_its_secrets_is_not_opened() -> None:
    with pytest.raises(ProviderRejected, match="notification_secret, secret_key"):
        sandbox.open({"base_url": "http://127.0.0.1:1"}, Outbound(guarded=False))


def test_the_pages_may_have_another_address_than_the_api() -> None:
    credentials = {
        "base_url": "http://127.0.0.1:8000/sandbox",
        "page_url": "https://pay.shop.test/sandbox",
        "secret_key": "sk",
        "notification_secret": "ns",
    }

    provider = sandbox.open(credentials, Outbound(guarded=False))

    assert provider.capabilities.page_hosts == ("https://pay.shop.test",)
