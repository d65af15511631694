"""The payer of a rehearsal: presses Pay and the acquirer's buttons, then looks until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec

from handbill import events
from handbill.bootstrap import premises
from handbill.bootstrap.rehearsal import plan as plans
from handbill.bootstrap.rehearsal import stage as stages
from handbill.bootstrap.rehearsal import watching
from handbill.bootstrap.rehearsal.plan import NO_REFUND, End, Plan
from handbill.bootstrap.rehearsal.server import Server
from handbill.bootstrap.rehearsal.stage import Stage
from handbill.bootstrap.rehearsal.watching import Seen
from handbill.infra.database import Database
from handbill.infra.outbound import Answer, Outbound
from handbill.infra.settings import Settings
from handbill.kernel.errors import Conflict
from handbill.links.model import AmountType

LOOK_SECONDS = 0.1

Tell = Callable[[str, str], None]


async def play(settings: Settings, db: Database, plan: Plan, tell: Tell) -> None:
    """`tell` gets each thing that happens, as a word for who and a few for what. Raises Conflict
    where the scenario has not ended as it should when the time is up."""
    crypto = premises.existing_crypto(settings)
    merchant = await db.point(lambda tx: stages.merchant_of(tx, plan.link_id))
    stage = await db.write(lambda tx: stages.furnish(tx, crypto, plan), merchant=merchant)
    async with _server(plan.url, stage.secret_key) as server:
        await _Rehearsal(db, server, plan, stage, tell).play()


async def advance(
    settings: Settings, db: Database, url: str, link_id: str | None, seconds: int
) -> None:
    """Moves the acquirer's clock for a link's merchant, or for the first one, and plays nothing."""
    crypto = premises.existing_crypto(settings)
    secret_key = await db.point(lambda tx: stages.secret_key(tx, crypto, link_id))
    async with _server(url, secret_key) as server:
        await server.advance(seconds)


@asynccontextmanager
async def _server(url: str, secret_key: str) -> AsyncIterator[Server]:
    outbound = Outbound(guarded=False)
    try:
        yield Server(outbound, url, secret_key)
    finally:
        await outbound.close()


class _Rehearsal:
    def __init__(self, db: Database, server: Server, plan: Plan, stage: Stage, tell: Tell) -> None:
        self._db, self._server = db, server
        self._plan, self._stage, self._tell = plan, stage, tell
        self._told: dict[str, str] = {}
        self._must_advance = plan.advance_seconds > 0
        self._must_refund = plan.is_of_refunds and not stage.two_stages
        self._missing = ""

    async def play(self) -> None:
        merchant_id = self._stage.link.merchant_id
        since = await self._db.point(lambda tx: events.head(tx, merchant_id))
        payment_id = await self._pay()
        for decision in self._plan.presses:
            await self._press(payment_id, decision)
        end = plans.end_of(self._plan, two_stages=self._stage.two_stages)
        try:
            async with asyncio.timeout(self._plan.wait_seconds):
                await self._watch(payment_id, since, end)
        except TimeoutError as error:
            raise Conflict(self._unfinished(end)) from error

    async def _pay(self) -> str:
        link, amount = self._stage.link, self._stage.amount
        self._say("link", f"{self._plan.url}/pay/link/{link.id}")
        form = {"method": self._stage.method}
        if link.amount_type is AmountType.DYNAMIC:
            form["amount_minor"] = str(amount.minor)
        answer = await self._server.post(f"/pay/link/{link.id}", form)
        if answer.status != 201:
            raise Conflict(f"Paying was refused with status {answer.status}: {_reason(answer)}")
        payment_id = str(msgspec.json.decode(answer.body)["data"]["id"])
        words = f"{payment_id}, {amount.decimal():f} {amount.currency} by {self._stage.method}"
        self._say("payment", words)
        return payment_id

    async def _press(self, payment_id: str, decision: str) -> None:
        attempt = await self._db.point(lambda tx: watching.attempt_of(tx, payment_id))
        page = urlsplit(attempt.redirect_url or attempt.qr_payload or "")
        address = page._replace(scheme="", netloc="").geturl()
        answer = await self._server.post(address, {"decision": decision})
        if answer.status != 303:
            name = self._plan.scenario.name
            raise Conflict(f"The acquirer's page has no button for {name}: leave --link out.")
        self._say("payer", f"presses {decision}")

    async def _watch(self, payment_id: str, since: int, end: End) -> None:
        attempt_id = (await self._db.point(lambda tx: watching.attempt_of(tx, payment_id))).id
        while True:
            acquirer = await self._server.states(attempt_id)
            seen = await self._db.point(lambda tx: watching.look(tx, payment_id, since))
            self._show(acquirer, seen)
            self._missing = f" (not yet: {', '.join(seen.undelivered)})" if seen.undelivered else ""
            if self._must_refund and seen.is_paid:
                await self._refund(payment_id)
            elif self._must_advance and self._plan.is_under_way(acquirer, seen.refund):
                await self._advance()
            elif End(acquirer, seen.attempt, seen.refund) == end and not seen.undelivered:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _refund(self, payment_id: str) -> None:
        self._must_refund = False
        merchant_id = self._stage.link.merchant_id
        await self._db.write(lambda tx: stages.refund(tx, payment_id), merchant=merchant_id)
        self._tell("merchant", "refunds it")

    async def _advance(self) -> None:
        self._must_advance = False
        seconds = self._plan.advance_seconds
        await self._server.advance(seconds)
        self._tell("clock", f"advanced by {seconds} seconds")

    def _show(self, acquirer: str, seen: Seen) -> None:
        self._say("acquirer", acquirer)
        self._say("handbill", f"{seen.payment}, attempt {seen.attempt}")
        if seen.refund != NO_REFUND:
            self._say("refund", seen.refund)
        for kind in seen.delivered:
            self._say(f"webhook {kind}", f"{kind} delivered")

    def _say(self, who: str, what: str) -> None:
        """Once, until it changes."""
        if self._told.get(who) != what:
            self._told[who] = what
            self._tell(who.partition(" ")[0], what)

    def _unfinished(self, end: End) -> str:
        words = f"Not over within {self._plan.wait_seconds:g} seconds: {self._plan.scenario.name}"
        words += f" ends with {end.acquirer} at the acquirer, the attempt {end.attempt}"
        if end.refund != NO_REFUND:
            words += f", the refund {end.refund}"
        return f"{words} and every webhook delivered{self._missing}."


def _reason(answer: Answer) -> str:
    try:
        return str(msgspec.json.decode(answer.body)["detail"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return "no reason given"
