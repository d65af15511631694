"""The acquirer's JSON API, for shops. `Authorization: Bearer sk_sandbox_...` on every request.

POST /v1/payments, GET /v1/payments, GET /v1/payments/{id}, POST /v1/payments/{id}/capture and
/cancel, POST /v1/refunds, GET /v1/refunds, GET /v1/refunds/{id}, POST /v1/clock, GET /v1/shop.
Every POST wants an `Idempotency-Key`. Errors are `{"error": {"code", "message"}}`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from acquirer_sandbox import (
    agenda,
    choosing,
    idempotency,
    orders,
    payments,
    refunds,
    shops,
    store,
    views,
)
from acquirer_sandbox.bodies import read_bounded
from acquirer_sandbox.idempotency import Kept
from acquirer_sandbox.model import Payment, Shop
from acquirer_sandbox.orders import Amount, NewPayment
from acquirer_sandbox.refunds import NewRefund
from acquirer_sandbox.scenarios import Twist
from handbill.infra.database import Database, Tx
from handbill.kernel import errors, ids
from handbill.kernel.clock import SECOND

LIST_MAX = 100
KEY_LENGTH_MAX = 255
ADVANCE_SECONDS_MAX = 366 * 24 * 3_600
NOWHERE = "00000000-0000-0000-0000-000000000000"
"""Before every id."""

_STATUSES = (
    (errors.Unauthorized, 401),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.Malformed, 400),
    (errors.Invalid, 400),
    (errors.Unavailable, 503),
)

T = TypeVar("T")
Endpoint = Callable[[Request, Shop], Awaitable[Response]]


class Capture(msgspec.Struct, frozen=True):
    """The body of a capture. Without an amount: all that is held."""

    amount: Amount | None = None


class Cancel(msgspec.Struct, frozen=True):
    """The body of a cancel: an empty object."""


class Clock(msgspec.Struct, frozen=True):
    """The body of a move of the shop's clock."""

    advance_seconds: Annotated[int, msgspec.Meta(ge=1, le=ADVANCE_SECONDS_MAX)]


class Api:
    """`base_url` is where payers find this acquirer."""

    def __init__(self, db: Database, base_url: str) -> None:
        self._db = db
        self._base_url = base_url

    def routes(self) -> list[Route]:
        table: tuple[tuple[str, str, Endpoint], ...] = (
            ("POST", "/v1/payments", self.create_payment),
            ("GET", "/v1/payments", self.list_payments),
            ("GET", "/v1/payments/{id}", self.get_payment),
            ("POST", "/v1/payments/{id}/capture", self.capture),
            ("POST", "/v1/payments/{id}/cancel", self.cancel),
            ("POST", "/v1/refunds", self.create_refund),
            ("GET", "/v1/refunds", self.list_refunds),
            ("GET", "/v1/refunds/{id}", self.get_refund),
            ("POST", "/v1/clock", self.move_clock),
            ("GET", "/v1/shop", self.get_shop),
        )
        return [
            Route(path, self._guard(endpoint), methods=[verb]) for verb, path, endpoint in table
        ]

    async def create_payment(self, request: Request, shop: Shop) -> Response:
        order = _decode(await _body(request), NewPayment)
        twist = choosing.twist_of_order(order.metadata, order.amount, order.method)
        if twist in _TROUBLES:
            return _TROUBLES[twist]()

        def act(tx: Tx, order: NewPayment) -> Any:
            return views.show_payment(orders.create(tx, shop, order, self._base_url))

        is_lost = twist is Twist.ANSWER_LOST
        return await self._once(request, shop, NewPayment, act, is_lost=is_lost)

    async def list_payments(self, request: Request, shop: Shop) -> Response:
        query = request.query_params
        after, limit = _stretch(request)
        since = _number(query.get("created_from"), "created_from", 0, range(10**15))
        found = await self._db.read(
            lambda tx: store.list_payments(
                tx,
                shop.id,
                attempt_id=query.get("attempt_id"),
                created_from=since,
                after=after,
                limit=limit + 1,
            )
        )
        return _page([views.show_payment(payment) for payment in found], limit)

    async def get_payment(self, request: Request, shop: Shop) -> Response:
        payment = await self._db.point(
            lambda tx: store.find_payment(tx, shop.id, ids.parse_id(_id(request)) or NOWHERE)
        )
        return _json(views.show_payment(_known(payment, "payment")))

    async def capture(self, request: Request, shop: Shop) -> Response:
        payment_id = (await self._own(shop, _id(request))).id

        def act(tx: Tx, order: Capture) -> Any:
            return views.show_payment(payments.capture(tx, payment_id, order.amount))

        return await self._once(request, shop, Capture, act)

    async def cancel(self, request: Request, shop: Shop) -> Response:
        payment_id = (await self._own(shop, _id(request))).id

        def act(tx: Tx, _: Cancel) -> Any:
            return views.show_payment(payments.cancel(tx, payment_id))

        return await self._once(request, shop, Cancel, act)

    async def create_refund(self, request: Request, shop: Shop) -> Response:
        order = _decode(await _body(request), NewRefund)
        payment = await self._own(shop, order.payment_id)

        def act(tx: Tx, order: NewRefund) -> Any:
            return views.show_refund(refunds.create(tx, payment.id, order))

        is_lost = choosing.twist(payment) is Twist.REFUND_ANSWER_LOST
        return await self._once(request, shop, NewRefund, act, is_lost=is_lost)

    async def list_refunds(self, request: Request, shop: Shop) -> Response:
        after, limit = _stretch(request)
        narrow = {
            name: request.query_params[name]
            for name in ("payment_id", "refund_id")
            if name in request.query_params
        }
        if "payment_id" in narrow:
            narrow["payment_id"] = ids.parse_id(narrow["payment_id"]) or NOWHERE
        found = await self._db.read(
            lambda tx: store.list_refunds(tx, shop.id, after=after, limit=limit + 1, **narrow)
        )
        return _page([views.show_refund(refund) for refund in found], limit)

    async def get_refund(self, request: Request, shop: Shop) -> Response:
        refund = await self._db.point(
            lambda tx: store.find_refund(tx, shop.id, ids.parse_id(_id(request)) or NOWHERE)
        )
        return _json(views.show_refund(_known(refund, "refund")))

    async def move_clock(self, request: Request, shop: Shop) -> Response:
        def act(tx: Tx, clock: Clock) -> Any:
            agenda.advance(tx, shop.id, clock.advance_seconds * SECOND)
            return {"advanced_seconds": clock.advance_seconds}

        return await self._once(request, shop, Clock, act)

    async def get_shop(self, _request: Request, shop: Shop) -> Response:
        return _json({"id": shop.id, "name": shop.name})

    async def _own(self, shop: Shop, text: str) -> Payment:
        """A payment of this shop. Raises NotFound for everything else."""
        payment_id = ids.parse_id(text) or NOWHERE
        found = await self._db.point(lambda tx: store.find_payment(tx, shop.id, payment_id))
        return _known(found, "payment")

    async def _once(
        self,
        request: Request,
        shop: Shop,
        kind: type[T],
        act: Callable[[Tx, T], Any],
        *,
        is_lost: bool = False,
    ) -> Response:
        """Runs `act` on the decoded body, once for an idempotency key. `is_lost`: the answer is,
        until the request comes again with its key."""
        key = request.headers.get("idempotency-key", "")
        if not 1 <= len(key) <= KEY_LENGTH_MAX or not (key.isascii() and key.isprintable()):
            _refuse("Idempotency-Key", "must be a header of 1 to 255 printable characters")
        body = await _body(request)
        order = _decode(body, kind)
        digest = idempotency.fingerprint(request.url.path, body)

        def work(tx: Tx) -> Kept:
            return idempotency.once(
                tx, shop, key, digest, lambda: msgspec.json.encode(act(tx, order)).decode()
            )

        kept = await self._db.write(work)
        if is_lost and kept.is_new:
            return _refusal(504, "timeout", "No answer came in time.")
        return Response(kept.answer, media_type="application/json")

    def _guard(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Asks for the key before anything else, and turns errors of ours into answers."""

        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request, await self._shop(request))
            except errors.HandbillError as error:
                return error_answer(error)

        return guarded

    async def _shop(self, request: Request) -> Shop:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        shop = None
        if scheme.lower() == "bearer":
            shop = await self._db.point(lambda tx: shops.find_by_key(tx, key.strip()))
        if shop is None:
            raise errors.Unauthorized("There is no such secret key.")
        return shop


def error_answer(error: errors.HandbillError) -> Response:
    """Raises the error again where it is not one that a shop is to read."""
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return _refusal(status, error.code, error.detail)
    raise error


def _refusal(status: int, code: str, words: str) -> Response:
    return _json({"error": {"code": code, "message": words}}, status)


_TROUBLES: Mapping[Twist | None, Callable[[], Response]] = {
    Twist.ANSWER_500: lambda: _refusal(500, "breakdown", "Something broke; nothing was done."),
    Twist.ANSWER_429: lambda: _refusal(429, "rate_limited", "Too many requests; come back later."),
}
"""Answers to an order of which nothing comes."""


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _page(shown: list[dict[str, Any]], limit: int) -> Response:
    """`shown` is one longer than the page where there is a next one."""
    more = len(shown) > limit
    return _json({"data": shown[:limit], "next_cursor": shown[limit - 1]["id"] if more else None})


def _stretch(request: Request) -> tuple[str, int]:
    """What a list begins behind, and how much of it is asked for."""
    query = request.query_params
    limit = _number(query.get("limit"), "limit", LIST_MAX, range(1, LIST_MAX + 1))
    after = NOWHERE
    if "cursor" in query:
        after = ids.parse_id(query["cursor"]) or _refuse("cursor", "is not one of ours")
    return after, limit


def _id(request: Request) -> str:
    return str(request.path_params["id"])


async def _body(request: Request) -> bytes:
    """Read once, kept for whoever asks again."""
    if not hasattr(request.state, "body"):
        request.state.body = await read_bounded(request)
    kept: bytes = request.state.body
    return kept


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise errors.Invalid({"body": [str(error)]}, str(error)) from error
    except msgspec.DecodeError as error:
        raise errors.Malformed(f"The body is not JSON: {error}") from error


def _known(found: T | None, noun: str) -> T:
    if found is None:
        raise errors.NotFound(f"There is no such {noun}.")
    return found


def _number(text: str | None, name: str, default: int, bounds: range) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 17 and int(text) in bounds):
        _refuse(name, f"must be a whole number from {bounds[0]} to {bounds[-1]}")
    return int(text)


def _refuse(name: str, why: str) -> NoReturn:
    raise errors.Invalid({name: [why]}, f"{name} {why}")
