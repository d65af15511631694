"""A payment ends, and the merchant's server is told: signed, in the seed's form, once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from handbill.infra.database import Database
from handbill.infra.outbound import Outbound
from handbill.kernel.clock import HOUR, ManualClock, SystemClock
from handbill.merchants import service as merchants
from handbill.webhooks.model import DeliveryStatus
from tests.support.receivers import answer, receiving
from tests.support.webhooks import (
    CRYPTO,
    Postman,
    attempts_of,
    body,
    deliveries_of,
    open_shop,
    record,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    """The reader of the specification asks the system for the time."""
    return ManualClock(SystemClock().now())


@pytest.fixture
async def postman(db: Database, clock: ManualClock) -> AsyncIterator[Postman]:
    outbound = Outbound(guarded=True, networks=(ip_network("127.0.0.0/8"),))
    yield Postman(db, clock, outbound)
    await outbound.close()


async def test_a_merchants_server_gets_the_seeds_body_with_a_signature_that_its_reader_accepts(
    db: Database, postman: Postman
) -> None:
    got: list[tuple[dict[str, str], bytes]] = []

    async def hook(request: web.Request) -> web.Response:
        got.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(text="thanks")

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    shop = await open_shop(db, f"http://127.0.0.1:{port}/hook?key=1")
    payment_id = await record(db, shop.id)
    await postman.work()
    await runner.cleanup()

    [(headers, raw)] = got
    [delivery] = await deliveries_of(db, shop.id)
    facts = Webhook(shop.webhook_secret).verify(raw, headers)
    assert list(facts.items())[:9] == list(body(payment_id).items())[:9]
    assert facts["event_id"] == delivery.event_id
    assert facts["sequence"] == 1
    assert facts["test"] is True
    assert headers["webhook-id"] == f"msg_{delivery.event_id}"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("Handbill/")
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 1)
    [attempt] = await attempts_of(db, delivery)
    assert (attempt.status_code, attempt.response, attempt.error) == (200, "thanks", None)


async def test_a_delivered_webhook_is_not_sent_again(db: Database, postman: Postman) -> None:
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work_to_the_end()
        postman.clock.advance(24 * HOUR)
        await postman.work_to_the_end()

    assert len(receiver.heard) == 1


async def test_a_link_may_name_another_address(db: Database, postman: Postman) -> None:
    async with receiving(answer()) as own, receiving(answer()) as of_link:
        shop = await open_shop(db, own.url())
        await record(db, shop.id, url=of_link.url())
        await postman.work()

    assert (len(own.heard), len(of_link.heard)) == (0, 1)


async def test_every_payment_is_told_of_with_an_id_of_its_own(
    db: Database, postman: Postman
) -> None:
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url())
        paid = {await record(db, shop.id) for _ in range(20)}
        await postman.work_to_the_end()

    assert {json.loads(heard.body)["id"] for heard in receiver.heard} == paid
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == 20


async def test_for_a_day_after_a_rotation_both_secrets_are_accepted_and_then_only_the_new_one(
    db: Database, postman: Postman
) -> None:
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url())
        rotated = await db.write(lambda tx: merchants.rotate_secret(tx, CRYPTO, shop.id))
        await record(db, shop.id)
        await postman.work()
        postman.clock.advance(25 * HOUR)
        await record(db, shop.id)
        await postman.work()

    during, after = receiver.heard
    for secret in (shop.webhook_secret, rotated):
        Webhook(secret).verify(during.body, during.headers)
    assert len(after.headers["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        Webhook(shop.webhook_secret).verify(after.body, after.headers)


async def test_no_secret_is_kept_with_the_deliveries(db: Database, postman: Postman) -> None:
    async with receiving(answer()) as receiver:
        shop = await open_shop(db, receiver.url())
        await record(db, shop.id)
        await postman.work()

    [delivery] = await deliveries_of(db, shop.id)
    kept = f"{delivery}{await attempts_of(db, delivery)}"
    assert shop.webhook_secret.removeprefix("whsec_") not in kept
