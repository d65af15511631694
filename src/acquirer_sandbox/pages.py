"""The payer's pages: what is paid, to whom, and buttons in place of card fields.

Server-rendered, without script, and without a single field that text could be typed into: nobody
can mistake it for a place for a card number. A GET changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from acquirer_sandbox import choosing, payments, shops, store
from acquirer_sandbox.bodies import read_bounded
from acquirer_sandbox.model import DECLINE_MESSAGES, Method, Payment, Shop, Status
from acquirer_sandbox.scenarios import SCENARIOS, Scenario, Twist
from handbill.infra.database import Database, Tx
from handbill.kernel.clock import Instant
from handbill.kernel.errors import HandbillError, TooLarge
from handbill.kernel.money import Money

FORM_MAX = 1_024
STAYING = frozenset({"3ds_challenge", "sbp_scanned"})
"""Decisions after which the payer has another one to take here."""

# No `form-action`: Chromium applies it to every hop of a redirect, and the shop may send the payer
# on to a place that we cannot know.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:;"
    " base-uri 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
_GROUPS = (
    ("It works", "good", frozenset({Status.CHARGED})),
    ("It is declined", "bad", frozenset({Status.DECLINED})),
    (
        "It takes a detour",
        "detour",
        frozenset({Status.CHALLENGE, Status.SCANNED, Status.PROCESSING}),
    ),
    ("Nobody pays", "leave", frozenset({Status.CANCELLED})),
)
_TITLES = {
    Status.PROCESSING: "The bank is still thinking",
    Status.AUTHORIZED: "The money is held",
    Status.CHARGED: "Paid",
    Status.DECLINED: "Declined",
    Status.CANCELLED: "Cancelled",
    Status.EXPIRED: "Too late",
}
_WORDS = {
    Status.PROCESSING: "The shop will be told how it ends. There is nothing left to do here.",
    Status.AUTHORIZED: "The shop takes it, or lets it go.",
    Status.CHARGED: "The shop is told at once.",
    Status.CANCELLED: "Nothing was paid.",
    Status.EXPIRED: "The deadline has passed. Nothing was paid.",
}
_TEMPLATES = {Status.CHALLENGE: "challenge.html"}


class Group(msgspec.Struct, frozen=True):
    """Buttons of one kind."""

    heading: str
    buttons: tuple[Scenario, ...]
    tone: str = "detour"


class Pages:
    """`base_url` is where payers find this acquirer."""

    def __init__(self, db: Database, base_url: str) -> None:
        self._db = db
        self._style = resources.files("acquirer_sandbox").joinpath("static/page.css").read_bytes()
        path = urlsplit(base_url).path
        self._templates = Environment(
            loader=PackageLoader("acquirer_sandbox"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["style"] = f"{path}/static/page.css?{zlib.crc32(self._style):08x}"

    def routes(self) -> list[Route]:
        get, post = self._guard(self.show), self._guard(self.decide)
        routes = [
            Route("/", self._guard(self.show_scenarios)),
            Route("/static/page.css", self.show_style),
        ]
        for path in ("/pay/{token}", "/{token}"):
            routes += [Route(path, get, methods=["GET"]), Route(path, post, methods=["POST"])]
        return routes

    async def show(self, request: Request) -> Response:
        found = await self._db.point(lambda tx: _read(tx, request))
        if found is None:
            return self._missing()
        return self._page(*found)

    async def decide(self, request: Request) -> Response:
        found = await self._db.point(lambda tx: _read(tx, request))
        if found is None:
            return self._missing()
        name = await _decision(request)

        def work(tx: Tx) -> tuple[Payment, bool, Instant]:
            return *payments.decide(tx, found[0].id, name), tx.now

        payment, accepted, now = await self._db.write(work)
        if not accepted:
            return self._page(payment, found[1], now, status=409)
        stays = name in STAYING or choosing.twist(payment) is Twist.NEVER_RETURN
        address = payment.payment_url if stays else payment.return_url
        return RedirectResponse(address, 303, HEADERS)

    async def show_scenarios(self, _request: Request) -> Response:
        return self._render("scenarios.html", scenarios=SCENARIOS.values())

    async def show_style(self, _request: Request) -> Response:
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(self._style, headers=headers, media_type="text/css")

    def _page(self, payment: Payment, shop: Shop, now: Instant, status: int = 200) -> Response:
        """`status` 409: a decision was refused, and the page says how things stand instead."""
        facts = {
            "amount": show_amount(payment.amount),
            "shop": shop.name,
            "payment": payment,
            "refused": status == 409,
        }
        if not payment.awaits_payer(now):
            return self._state(payment, facts, status)
        template = "bank.html" if payment.method is Method.SBP else "card.html"
        return self._render(
            _TEMPLATES.get(payment.status, template),
            status,
            groups=_groups(choosing.buttons(payment)),
            rare=[Group(*group) for group in choosing.rare_buttons(payment).items()],
            deadline=_hour(payment.expires_at, now),
            **facts,
        )

    def _state(self, payment: Payment, facts: dict[str, Any], status: int) -> Response:
        state = payment.status if payment.status in _TITLES else Status.EXPIRED
        words = DECLINE_MESSAGES[payment.decline_code] if payment.decline_code else _WORDS[state]
        return self._render("state.html", status, title=_TITLES[state], words=words, **facts)

    def _missing(self) -> Response:
        return self._render(
            "message.html",
            404,
            title="No such payment",
            words="The address is not complete, or it was never one of ours.",
        )

    def _render(self, template: str, status: int = 200, **values: Any) -> Response:
        html = self._templates.get_template(template).render(**values)
        return Response(html, status, HEADERS, media_type="text/html")

    def _guard(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request)
            except HandbillError as error:
                status = 413 if isinstance(error, TooLarge) else 503
                return self._render(
                    "message.html", status, title="That did not work", words=error.detail
                )

        return guarded


def show_amount(money: Money) -> str:
    """`1,234.50 RUB`, with as many places as the currency has."""
    return f"{money.decimal():,f} {money.currency}"


def _read(tx: Tx, request: Request) -> tuple[Payment, Shop, Instant] | None:
    token = str(request.path_params["token"])
    # What cannot be printed is no token of ours, and PostgreSQL does not take all of it.
    payment = store.find_payment_by_token(tx, token) if token.isprintable() else None
    return (payment, shops.get(tx, payment.shop_id), tx.now) if payment else None


async def _decision(request: Request) -> str:
    form = parse_qs((await read_bounded(request, FORM_MAX)).decode("ascii", "replace"))
    return form.get("decision", [""])[0]


def _groups(buttons: Sequence[Scenario]) -> Iterable[Group]:
    """Told by the first step that they cause."""
    for heading, tone, ends in _GROUPS:
        kept = tuple(b for b in buttons if b.steps[0].to in ends)
        if kept:
            yield Group(heading, kept, tone)


def _hour(at: Instant, now: Instant) -> str:
    moment = datetime.fromtimestamp(at // 1_000, UTC)
    same_day = moment.date() == datetime.fromtimestamp(now // 1_000, UTC).date()
    return moment.strftime("%H:%M UTC" if same_day else "%d %B, %H:%M UTC")
