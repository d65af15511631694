"""`/sandbox/inbox`: the sample merchant's `notify_url`, and a page that shows what came to it."""

from __future__ import annotations

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from handbill.infra.database import Tx
from handbill.kernel.errors import Malformed, TooLarge
from handbill.links import store as links
from handbill.merchants.model import Tenant
from handbill.web.pages import asking
from handbill.web.pages.desk import Desk
from handbill.web.pages.views import InboxPage, Received
from handbill.webhooks import received
from handbill.webhooks.received import ReceivedWebhook

PATH = "/sandbox/inbox"
BODY_BYTES_MAX = 64 * 1024
SHOWN_MAX = 50
SAMPLE_MERCHANT = 1


class InboxPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.address = desk.addresses.base + PATH

    def routes(self) -> list[Route]:
        guard = self._desk.guard
        return [
            Route(PATH, guard(self.show), methods=["GET"]),
            Route(PATH, guard(self.take), methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        desk, language = self._desk, self._desk.language_of(request)
        found = await desk.db.read(lambda tx: received.latest(tx, SHOWN_MAX))
        view = InboxPage(
            address=self.address,
            received=tuple(_shown(webhook) for webhook in found),
            sample_url=await self.sample_url(),
        )
        body = desk.renderer.inbox(view, language)
        return asking.html(body, desk.page_headers(language, scripts=True))

    async def take(self, request: Request) -> Response:
        body = await _bounded(request)
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in request.headers.raw}
        await self._desk.db.write(lambda tx: received.keep(tx, self._desk.crypto, headers, body))
        return Response(status_code=204)

    async def sample_url(self) -> str | None:
        """The sample link, for somebody who wants to try."""
        if not self._desk.parts.has_inbox:
            return None
        link_id = await self._desk.db.read(_sample)
        return self._desk.addresses.link_page(link_id) if link_id else None


def _sample(tx: Tx) -> str | None:
    link = links.find_first(tx, Tenant(SAMPLE_MERCHANT, True))
    return link.id if link else None


def _shown(webhook: ReceivedWebhook) -> Received:
    try:
        parsed = msgspec.json.decode(webhook.body)
        pretty = msgspec.json.format(webhook.body.encode(), indent=2).decode()
    except (msgspec.MsgspecError, RecursionError):
        parsed, pretty = None, webhook.body
    facts = parsed if isinstance(parsed, dict) else {}
    said = [str(facts[name]) for name in ("type", "status") if name in facts]
    return Received(
        id=webhook.id,
        at=webhook.received_at,
        heading=" · ".join(said) or "webhook",
        headers=tuple(webhook.headers.items()),
        body=pretty,
        fault="" if webhook.verified else "The signature is not that of the sending merchant.",
    )


async def _bounded(request: Request) -> bytes:
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > BODY_BYTES_MAX:
                raise TooLarge("A webhook is far smaller than this.")
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Malformed("The request ended early.") from error
    return b"".join(chunks)
