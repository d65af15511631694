"""The reference page at `/docs` and the document at `/openapi.json`.

Made from the declared operations, once, when somebody first asks. The page loads nothing but its
style sheet, has no script, and works without a network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.web import limits, openapi, problems
from handbill.web.operations import Operation
from handbill.web.problems import KINDS, KINDS_BY_CODE
from handbill.web.rates import Rates
from handbill.web.replies import JSON
from handbill.web.schemas import Schema
from handbill.web.tables import Row, resolve, rows

_HERE = Path(__file__).parent
_DAY_SECONDS = 86_400
_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none';"
    " base-uri 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class Shown(msgspec.Struct, frozen=True):
    """An operation as the page shows it."""

    operation: Operation
    curl: str
    parameters: list[Row]
    fields: list[Row]
    answer: str
    statuses: list[int]


class Coded(msgspec.Struct, frozen=True):
    """An error as the page shows it."""

    code: str
    status: int
    title: str
    meaning: str


class Reference:
    """`describe` makes the document; it is asked once."""

    def __init__(
        self, describe: Callable[[], Schema], operations: Sequence[Operation], rates: Rates | None
    ) -> None:
        self._describe = describe
        self._operations = operations
        self._rates = rates

    @cached_property
    def _described(self) -> Schema:
        return self._describe()

    @cached_property
    def document(self) -> bytes:
        return openapi.write(self._described)

    @cached_property
    def page(self) -> bytes:
        described = self._described
        shared = described["components"]["schemas"]
        shown = [_show(one, described) for one in self._operations]
        answers = {one.answer for one in shown if one.answer}
        html: str = _template().render(
            document=described,
            base=described["servers"][0]["url"],
            operations=shown,
            types={name: list(rows(shared[name], shared)) for name in sorted(answers)},
            webhooks=[_webhook(name, item, shared) for name, item in described["webhooks"].items()],
            errors=errors(),
            limits=limits.of(self._rates),
        )
        return html.encode()

    async def send_document(self, request: Request) -> Response:
        return Response(self.document, media_type=JSON, headers={"cache-control": "no-cache"})

    async def send_page(self, request: Request) -> Response:
        return Response(self.page, media_type="text/html", headers=_HEADERS)

    async def send_style(self, request: Request) -> Response:
        style = (_HERE / "static" / "reference.css").read_bytes()
        kept = {"cache-control": f"public, max-age={_DAY_SECONDS}"}
        return Response(style, media_type="text/css", headers=_HEADERS | kept)


def routes(
    describe: Callable[[], Schema], operations: Sequence[Operation], rates: Rates | None
) -> list[Route]:
    """`rates` None: calls are not limited."""
    reference = Reference(describe, operations, rates)
    return [
        Route("/openapi.json", reference.send_document, methods=["GET"]),
        Route("/docs", reference.send_page, methods=["GET"]),
        Route("/docs/reference.css", reference.send_style, methods=["GET"]),
    ]


def errors() -> list[Coded]:
    """Every error that the API answers, in order of status."""
    of_classes = [
        Coded(cls.code, kind.status, kind.title, kind.meaning)
        for cls, kind in KINDS.items()
        if kind is not KINDS[problems.ROOT]
    ]
    of_codes = [
        Coded(code, kind.status, kind.title, kind.meaning) for code, kind in KINDS_BY_CODE.items()
    ]
    return sorted([*of_classes, *of_codes], key=lambda error: (error.status, error.code))


def curl(operation: Operation, base: str) -> str:
    """A line that works once key and ids are filled in."""
    verb = "" if operation.method == "GET" else f"-X {operation.method} "
    lines = [f"curl {verb}{base}{operation.path}", '  -H "x-api-key: YOUR_API_KEY"']
    if operation.upload is not None:
        lines.append(f'  -F "{operation.upload.part}=@photo.jpg"')
    if operation.example is not None:
        lines.insert(1, '  -H "Content-Type: application/json"')
        lines.append("  -d '" + _laid_out(operation.example).replace("'", "'\\''") + "'")
    if operation.file is not None:
        lines.append("  -OJ")
    return " \\\n".join(lines)


def _show(operation: Operation, described: Schema) -> Shown:
    item = described["paths"][operation.path][operation.method.lower()]
    shared = described["components"]["schemas"]
    fields: list[Row] = []
    for media in item.get("requestBody", {}).get("content", {}).values():
        fields = list(rows(media["schema"], shared))
    return Shown(
        operation=operation,
        curl=curl(operation, described["servers"][0]["url"]),
        parameters=[_parameter(one, shared) for one in item.get("parameters", ())],
        fields=fields,
        answer=operation.answer.__name__ if operation.answer else "",
        statuses=openapi.statuses_of(operation),
    )


def _parameter(parameter: Schema, shared: dict[str, Schema]) -> Row:
    as_field = {"properties": {parameter["name"]: parameter["schema"]}}
    row = next(rows(as_field, shared))
    words = ". ".join(w.rstrip(".") for w in (parameter.get("description", ""), row.words) if w)
    return msgspec.structs.replace(row, required=parameter["required"], words=words)


def _webhook(name: str, item: Schema, shared: dict[str, Schema]) -> dict[str, Any]:
    post = item["post"]
    media = post["requestBody"]["content"][JSON]
    return {
        "name": name,
        "summary": post["summary"],
        "description": post["description"],
        "headers": [_parameter(one, shared) for one in post["parameters"]],
        "fields": list(rows(resolve(media["schema"], shared), shared)),
        "example": _laid_out(media["example"]),
    }


def _laid_out(members: dict[str, Any]) -> str:
    """A JSON object with one member a line, however deep each of them is."""
    lines = [
        f'  "{name}": {msgspec.json.format(msgspec.json.encode(value), indent=0).decode()}'
        for name, value in members.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}"


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    return environment.get_template("reference.html")


def _prose(text: str) -> Markup:
    """Words with `code` in backticks."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
