"""One bench for every adapter: the acquirer that stands behind it, its payer, its notifications.

A case says what the payer does in the words of `Act`; the bench of an adapter knows how that is
done at its acquirer. A new adapter brings one class like `SandboxBench`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from acquirer_sandbox import handlers
from handbill.infra.database import Database
from handbill.infra.jobs import Worker
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import HOUR, ManualClock
from handbill.kernel.ids import new_id
from handbill.kernel.money import Money
from handbill.providers import transfer
from handbill.providers.contract import ActionRequired, Charge, Outcome, Provider
from tests.support.transfers import ROUBLES

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Act(Enum):
    """What a payer, or their bank, may do with one attempt."""

    PAY = auto()
    PAY_SLOWLY = auto()
    FAIL_SLOWLY = auto()
    HAVE_NO_MONEY = auto()
    BE_REFUSED = auto()
    BE_SUSPECTED = auto()
    PASS_CHALLENGE = auto()
    FAIL_CHALLENGE = auto()
    ABANDON_CHALLENGE = auto()
    GIVE_UP = auto()
    SCAN_AND_PAY = auto()
    SCAN = auto()
    REJECT_IN_APP = auto()
    LET_EXPIRE = auto()
    PAY_AND_GET_REFUNDS_SLOWLY = auto()
    PAY_AND_GET_NO_REFUND = auto()
    PAY_AND_BE_REFUSED_REFUNDS = auto()
    PAY_TWICE = auto()
    PAY_TOO_LATE = auto()
    PAY_AND_DISPUTE = auto()


class Received(msgspec.Struct, frozen=True):
    """A notification as it came over the wire. Header names are in lower case."""

    headers: dict[str, str]
    body: bytes


class Mailbox:
    """Where notifications go. Answers with `answers` in turn, then with 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[int] = []

    @property
    def app(self) -> ASGIApp:
        async def take(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            self.received.append(Received(dict(request.headers), await request.body()))
            answer = Response(status_code=self.answers.pop(0) if self.answers else 200)
            await answer(scope, receive, send)

        return take


class Bench(Protocol):
    """An adapter on one side, a payer on the other. `method`: how a payer pays, where a case does
    not say it."""

    method: str
    provider: Provider
    mailbox: Mailbox
    clock: ManualClock
    notification_url: str

    async def play(self, outcome: Outcome, act: Act) -> None:
        """The payer acts, and everything that follows from it happens."""

    async def settle(self) -> None:
        """Everything that is due by the clock happens."""

    def reopen(self, **credentials: str) -> Provider:
        """The same account with some of its credentials replaced."""


PRESSES: Mapping[Act, tuple[str, ...]] = {
    Act.PAY: ("approve",),
    Act.PAY_SLOWLY: ("pending_then_success",),
    Act.FAIL_SLOWLY: ("pending_then_fail",),
    Act.HAVE_NO_MONEY: ("decline_insufficient_funds",),
    Act.BE_REFUSED: ("decline_generic",),
    Act.BE_SUSPECTED: ("decline_fraud",),
    Act.PASS_CHALLENGE: ("3ds_challenge", "3ds_ok"),
    Act.FAIL_CHALLENGE: ("3ds_challenge", "3ds_fail"),
    Act.ABANDON_CHALLENGE: ("3ds_challenge", "3ds_abandon"),
    Act.GIVE_UP: ("cancel",),
    Act.SCAN_AND_PAY: ("sbp_scanned", "sbp_paid"),
    Act.SCAN: ("sbp_scanned",),
    Act.REJECT_IN_APP: ("sbp_rejected",),
    Act.LET_EXPIRE: (),
    Act.PAY_AND_GET_REFUNDS_SLOWLY: ("refund_pending_then_success",),
    Act.PAY_AND_GET_NO_REFUND: ("refund_pending_then_fail",),
    Act.PAY_AND_BE_REFUSED_REFUNDS: ("refund_refused",),
    Act.PAY_TWICE: ("double_pay",),
    Act.PAY_TOO_LATE: ("late_success_after_expiry",),
    Act.PAY_AND_DISPUTE: ("chargeback",),
}
"""The sandbox's buttons, one after another."""


class SandboxBench:
    """The sandbox acquirer over HTTP; the payer presses its buttons."""

    method = "card"

    def __init__(
        self,
        db: Database,
        clock: ManualClock,
        outbound: Outbound,
        credentials: dict[str, str],
        open_account: Callable[[dict[str, str]], Provider],
    ) -> None:
        self.clock = clock
        self.mailbox = Mailbox()
        self.notification_url = ""
        self.provider = open_account(credentials)
        self._outbound = outbound
        self.credentials = credentials
        self._open_account = open_account
        self._worker = Worker(db, handlers(outbound), clock)

    @property
    def base_url(self) -> str:
        return self.credentials["base_url"]

    def reopen(self, **credentials: str) -> Provider:
        return self._open_account(self.credentials | credentials)

    async def play(self, outcome: Outcome, act: Act) -> None:
        assert isinstance(outcome, ActionRequired)
        address = outcome.redirect_url or outcome.qr_payload or ""
        for decision in PRESSES[act]:
            answer = await self._outbound.send(
                "POST", address, headers=FORM, body=f"decision={decision}".encode()
            )
            assert answer.status == 303, answer.body.decode()
        if act in (Act.LET_EXPIRE, Act.ABANDON_CHALLENGE):
            self.clock.advance(HOUR)
        await self.settle()

    async def settle(self) -> None:
        while await self._worker.step():
            pass


class TransferBench:
    """Bank transfers: nobody stands behind them, and nobody tells what a payer did."""

    method = "transfer"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.mailbox = Mailbox()
        self.notification_url = ""
        self.provider = self.reopen()

    def reopen(self, **credentials: str) -> Provider:
        return transfer.open({"currency": "RUB", **ROUBLES, **credentials})

    async def play(self, outcome: Outcome, act: Act) -> None:
        raise AssertionError(f"no bank tells us of {act}")

    async def settle(self) -> None:
        """Nothing is ever due."""


def order(
    bench: Bench, *, method: str | None = None, minor: int = 1000, currency: str = "RUB"
) -> Charge:
    """A charge with an attempt and a key of its own."""
    attempt_id = new_id(bench.clock.now())
    return Charge(
        attempt_id=attempt_id,
        key=f"create-{attempt_id}",
        amount=Money(minor, currency),
        method=method or bench.method,
        description="Coffee",
        return_url="http://shop.test/pay/status/token",
        notification_url=bench.notification_url,
        expires_at=bench.clock.now() + HOUR,
        metadata={"order": "42"},
    )
