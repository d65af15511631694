"""The acquirer's application: the API for shops and the pages for payers."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from acquirer_sandbox.api import Api
from acquirer_sandbox.pages import Pages
from handbill.infra.database import Database


def create_app(db: Database, base_url: str) -> Starlette:
    """`base_url` is where payers reach this app, its path included. The database is migrated, and
    a worker somewhere runs `handlers` on it."""
    base_url = base_url.rstrip("/")
    app = Starlette(
        routes=[*Api(db, base_url).routes(), *Pages(db, base_url).routes()],
        exception_handlers={HTTPException: _no_route},
    )
    app.router.redirect_slashes = False  # to whatever host the request names
    return app


async def _no_route(request: Request, error: Exception) -> Response:
    """An unknown address or verb, in JSON where a program asked."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    if "/v1/" in request.url.path:
        body = {"error": {"code": "no_such_route", "message": "There is no such address here."}}
        return JSONResponse(body, status, headers)
    return PlainTextResponse("There is no such page here.", status, headers)
