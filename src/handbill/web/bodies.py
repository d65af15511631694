"""From the bytes of a request to plain values, without trusting either.

A body is bounded while it arrives, never after. JSON is read strictly: no doubled members, no
NaN, no depth, and `1000.0` stays a decimal so that nobody takes it for an integer.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from handbill.kernel.errors import Invalid, Malformed, TooLarge, UnsupportedMedia

BODY_MAX = 64 * 1024
DEPTH_MAX = 32
FORM_OVERHEAD = 16 * 1024
"""What a form may have beside its file: boundaries, part headers, small fields."""
FORM_FIELDS_MAX = 64


class CallerGone(Exception):
    """The caller hung up before the body was complete: there is nobody to answer."""


class Upload(msgspec.Struct, frozen=True):
    """A file as it was sent. The name is the caller's and proves nothing."""

    name: str
    content: bytes


async def read_json(headers: Mapping[str, str], receive: Receive) -> Any:
    """The value of a JSON body. Raises UnsupportedMedia, TooLarge, Malformed."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise UnsupportedMedia("The body must be JSON: send content-type: application/json.")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if charset.startswith("charset=") and charset != "charset=utf-8":
        raise UnsupportedMedia("The body must be in UTF-8.")
    _refuse_encoded(headers)
    body = bytearray()
    async for chunk in _chunks(headers, receive, BODY_MAX):
        body += chunk
    return parse_json(bytes(body))


def is_absent(headers: Mapping[str, str]) -> bool:
    """Whether the request has no body at all."""
    length = headers.get("content-length", "0")
    return length == "0" and "transfer-encoding" not in headers


class Form(msgspec.Struct, frozen=True):
    """What a form with a file holds: each field once, the last counts. No `file`: none was sent."""

    fields: dict[str, str]
    file: Upload | None


async def read_upload(
    headers: Mapping[str, str], receive: Receive, part: str, size_max: int
) -> Upload:
    """The file in the form part `part`. Raises UnsupportedMedia, TooLarge, Malformed, Invalid."""
    form = await read_form(headers, receive, part, size_max)
    if form.file is None:
        raise Invalid({part: ["must be a file"]})
    return form.file


async def read_form(
    headers: Mapping[str, str],
    receive: Receive,
    part: str,
    size_max: int,
    field_max: int = FORM_OVERHEAD,
) -> Form:
    """A form that may have a file in its part `part`. `field_max`: bytes of a field.

    Raises UnsupportedMedia, TooLarge, Malformed.
    """
    if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("Send a form: content-type: multipart/form-data.")
    _refuse_encoded(headers)
    parser = MultiPartParser(
        Headers(dict(headers)),
        _chunks(headers, receive, size_max + field_max + FORM_OVERHEAD),
        max_files=1,
        max_fields=FORM_FIELDS_MAX,
        max_part_size=field_max,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Malformed("The form cannot be read.") from error
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        sent = form.get(part)
        if not isinstance(sent, UploadFile):
            return Form(fields, None)
        content = await sent.read(size_max + 1)
    finally:
        await form.close()
    if len(content) > size_max:
        raise _too_large(size_max)
    return Form(fields, Upload(sent.filename or "", content))


def parse_json(body: bytes) -> Any:
    """Raises Malformed, with words that say where."""
    if not body:
        raise Malformed("The body is empty; a JSON object was expected.")
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX:
        _refuse_deep(body)
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (at byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise Malformed(
            f"The body is not valid JSON (line {error.lineno}, column {error.colno})."
        ) from error
    except (ValueError, InvalidOperation) as error:
        raise Malformed("The body has a number that is too long.") from error


def printable(text: str, length_max: int = 64) -> str:
    """A caller's own word, fit to be repeated in an answer: short, and encodable."""
    short = text if len(text) <= length_max else text[: length_max - 1] + "\u2026"
    return short.encode("utf-8", "replace").decode()


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        seen: set[str] = set()
        for name, _ in members:
            if name in seen:
                raise Malformed(f"The member “{printable(name)}” stands twice in one object.")
            seen.add(name)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse_constant
)
# An unclosed string matches up to the end, so that the search stays linear on any body.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)


def _refuse_deep(body: bytes) -> None:
    depth = 0
    for token in _TOKEN.findall(body):
        if token in b"[{":
            depth += 1
            if depth > DEPTH_MAX:
                raise Malformed(f"The body is nested more than {DEPTH_MAX} levels deep.")
        elif token in b"]}":
            depth -= 1


def _refuse_encoded(headers: Mapping[str, str]) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("The body must not be compressed.")


async def _chunks(
    headers: Mapping[str, str], receive: Receive, size_max: int
) -> AsyncGenerator[bytes, None]:
    """Refuses what says that it is too large before a byte of it is read, and the rest as soon
    as it turns out to be."""
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > size_max:
        raise _too_large(size_max)
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > size_max:
            raise _too_large(size_max)
        more = message.get("more_body", False)
        yield chunk


def _too_large(size_max: int) -> TooLarge:
    return TooLarge(f"The body must have at most {size_max} bytes.")
