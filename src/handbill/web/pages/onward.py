"""After Pay: where a payer goes, and what a script is told."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from handbill.kernel.clock import Instant
from handbill.payments import facts, service
from handbill.payments.model import AttemptStatus
from handbill.payments.start import Started
from handbill.web.pages.desk import Desk
from handbill.web.pages.standing import UNANSWERED_AFTER

ANSWER_SECONDS = 3.0
"""How long a repeated click waits for the acquirer's answer to the first."""


async def led_on(desk: Desk, started: Started) -> Response:
    """For a browser."""
    return RedirectResponse(await _where_to(desk, started), 303, desk.plain_headers())


def told(desk: Desk, started: Started) -> Response:
    """For a script."""
    payment = started.payment
    where = started.redirect_url or desk.addresses.status_page(payment.token)
    data = {"id": payment.id, "status": payment.status, "payment_url": where}
    return desk.json({"data": data}, 201)


async def _where_to(desk: Desk, started: Started) -> str:
    """The acquirer's page, or else the page of the payment. The second click of a double click
    waits a moment for the answer to the first, so that both lead to the same place."""
    payment, url = started.payment, started.redirect_url
    if _is_being_asked(started, desk.clock.now()):
        with desk.db.subscription(facts.topic(payment.id)) as news:
            found = await desk.db.point(lambda tx: service.by_token(tx, payment.token))
            if found.attempt == started.attempt and await news.wait(ANSWER_SECONDS):
                found = await desk.db.point(lambda tx: service.by_token(tx, payment.token))
        if found.attempt is not None and found.attempt.live:
            url = found.attempt.redirect_url
    return url or desk.addresses.status_page(payment.token)


def _is_being_asked(started: Started, now: Instant) -> bool:
    """Whether another request may still be waiting for the acquirer."""
    attempt = started.attempt
    young = now - attempt.created_at < UNANSWERED_AFTER
    return started.is_repeat and attempt.status is AttemptStatus.CREATED and young
