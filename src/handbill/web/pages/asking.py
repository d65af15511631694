"""How pages take requests and give answers: bounded forms, cookies that know a payer, problems."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from handbill.infra.crypto import Crypto
from handbill.infra.networks import network_of
from handbill.kernel.errors import Malformed, TooLarge, UnsupportedMedia
from handbill.payments.order import hash_payer

FORM_BYTES_MAX = 16 * 1024
FIELDS_MAX = 50
COOKIE_SECONDS = 30 * 24 * 3_600


def wants_json(request: Request) -> bool:
    """Whether a program asks: it names JSON and not HTML."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


async def form(request: Request, fields_max: int = FIELDS_MAX) -> dict[str, str]:
    """The fields of a form, or the text members of a JSON object, each once: the last counts."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await bounded(request, FORM_BYTES_MAX)
    if not body:
        return {}
    if kind == "application/json":
        return _json(body)
    if kind != "application/x-www-form-urlencoded":
        raise UnsupportedMedia("Send a form or JSON.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=fields_max))
    except ValueError as error:
        raise Malformed("The form cannot be read.") from error


def _json(body: bytes) -> dict[str, str]:
    try:
        members = msgspec.json.decode(body, type=dict[str, str | int | bool | None])
    except msgspec.MsgspecError as error:
        raise Malformed("The body must be a JSON object of text and whole numbers.") from error
    return {name: _text(value) for name, value in members.items() if value is not None}


def _text(value: str | int | bool) -> str:
    """As a form would send it: a box that is ticked, or not."""
    return ("yes" if value else "") if isinstance(value, bool) else str(value)


async def bounded(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises TooLarge, Malformed."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > bytes_max:
                raise TooLarge(f"A form may have {bytes_max} bytes.")
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Malformed("The form ended early.") from error
    return b"".join(chunks)


class PayerCookie:
    """Knows the same payer again, so that "back" leads to their own payment and not to a locked
    door. It holds a number and nothing of a person; Pay sets it, looking does not."""

    def __init__(self, crypto: Crypto, *, secure: bool) -> None:
        self._crypto = crypto
        self._secure = secure
        self._name = "__Host-payer" if secure else "payer"

    def read(self, request: Request) -> str | None:
        return request.cookies.get(self._name) or None

    def known(self, request: Request) -> str | None:
        """The payer as payments know them, or None."""
        value = self.read(request)
        return hash_payer(value) if value else None

    def hashed(self, value: str) -> str:
        return hash_payer(value)

    def of_first(self, attempt_id: str) -> str:
        """For a payer without a cookie. Of the attempt, so that both clicks of a double click set
        the same one: the browser keeps the second, the payment knows the first."""
        return self._crypto.sign("payer", attempt_id, 0)

    def set(self, response: Response, value: str) -> None:
        response.set_cookie(
            self._name,
            value,
            max_age=COOKIE_SECONDS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def network(request: Request, crypto: Crypto) -> str | None:
    """A keyed hash of the network that the request comes from: what is kept of an address. None on
    this machine, where developers try declines, and where no address is known."""
    found = network_of(request.client.host) if request.client else None
    return None if found is None else crypto.hash_network(str(found))


def html(body: bytes, headers: Mapping[str, str], status: int = 200) -> Response:
    return Response(body, status, headers, media_type="text/html")
