"""Where acquirers knock: a notification is stored, answered as its acquirer wants, and asked about
later. No API key: the address is secret and the provider judges what came."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.inbox import Inbox
from handbill.infra.database import Database
from handbill.kernel.errors import HandbillError
from handbill.web import problems

BODY_MAX = 256 * 1024


class Inbound:
    def __init__(self, db: Database, inbox: Inbox) -> None:
        self._db = db
        self._inbox = inbox

    def routes(self) -> list[Route]:
        return [Route("/notifications/{provider}/{token}", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        if not request.url.path.isprintable():  # no text for a database
            return Response(status_code=404)
        body = await _bounded(request)
        if body is None:
            return Response(status_code=413, headers={"connection": "close"})
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in request.headers.raw}
        try:
            acknowledgement = await self._inbox.take(
                self._db,
                request.path_params["provider"],
                request.path_params["token"],
                headers,
                body,
                request.client.host if request.client else "",
            )
        except HandbillError as error:
            # Without details: whoever guesses at this address learns nothing from it.
            return Response(status_code=problems.status_of(type(error)))
        return Response(acknowledgement.body, media_type=acknowledgement.content_type)


async def _bounded(request: Request) -> bytes | None:
    """The body, or None once it is longer than it may be."""
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > BODY_MAX:
                return None
            chunks.append(chunk)
    except ClientDisconnect:
        return None
    return b"".join(chunks)
