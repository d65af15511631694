"""What `Idempotency-Key` promises, case by case. The table of repeats comes first: a link was made
with a key, and then comes another request."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import httpx2
import pytest

from handbill.infra.database import open_database
from handbill.kernel.clock import HOUR, ManualClock
from handbill.merchants import keys
from handbill.merchants.keys import Keyring
from handbill.merchants.model import Scope
from handbill.web.rates import Rates
from tests.scenarios.api.conftest import ApiHouse
from tests.scenarios.api.shapes import LINK, LINKS, PRODUCT, PRODUCTS, TRANSACTIONS

pytestmark = pytest.mark.anyio

KEY = "order-1001"
DONE, REPLAYED, REUSED = "done", "replayed", "idempotency_key_reused"
SPELLED_OTHERWISE = json.dumps(dict(reversed(LINK.items())), indent=2).replace("card", "c\\u0061rd")
OTHER_AMOUNT = {**LINK, "amount": {"default": 1001, "currency": "RUB"}}
ORDER = {"params": {"type": "payment", "amount": 100, "currency": "RUB"}}
SECRET = "/api/v1/merchant/webhook_secret"


class Ask(NamedTuple):
    """A request: by the client of this name, so long after the first."""

    by: str = "shop"
    path: str = LINKS
    body: str = json.dumps(LINK)
    key: str | None = KEY
    after: int = 0

    async def send(self, house: ApiHouse) -> httpx2.Response:
        headers = {"content-type": "application/json"}
        if self.key is not None:
            headers["idempotency-key"] = self.key
        client: httpx2.AsyncClient = getattr(house, self.by)
        return await client.post(self.path, content=self.body, headers=headers)


FIRST = Ask()
REPEATS = {
    "the same": (FIRST, REPLAYED),
    "with the key in quotes": (FIRST._replace(key=f'"{KEY}"'), REPLAYED),
    "the same JSON in another spelling": (FIRST._replace(body=SPELLED_OTHERWISE), REPLAYED),
    "just within 72 hours": (FIRST._replace(after=72 * HOUR - 1), REPLAYED),
    "after 72 hours": (FIRST._replace(after=72 * HOUR), DONE),
    "with another key": (FIRST._replace(key="order-1002"), DONE),
    "with the key in capitals": (FIRST._replace(key=KEY.upper()), DONE),
    "without a key": (FIRST._replace(key=None), DONE),
    "of another merchant": (FIRST._replace(by="other"), DONE),
    "in the other mode": (FIRST._replace(by="shop_live"), DONE),
    "with another body": (FIRST._replace(body=json.dumps(OTHER_AMOUNT)), REUSED),
    "with another query": (FIRST._replace(path=LINKS + "?source=till"), REUSED),
    "to another path": (FIRST._replace(path=PRODUCTS, body=json.dumps(PRODUCT)), REUSED),
}


async def links_of(house: ApiHouse) -> int:
    """Of everybody."""
    counted: int = await house.deps.db.read(lambda tx: tx.value("SELECT COUNT(*) FROM links"))
    return counted


async def post(house: ApiHouse, path: str = LINKS, body: Any = LINK, key: str = KEY) -> Any:
    return await house.shop.post(path, json=body, headers={"idempotency-key": key})


def is_replay(answer: httpx2.Response) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


def same(first: httpx2.Response, second: httpx2.Response) -> bool:
    """But for what says that it is a replay."""
    kept = [dict(answer.headers) for answer in (first, second)]
    for headers in kept:
        headers.pop("idempotent-replayed", None)
    alike = (first.status_code, first.content) == (second.status_code, second.content)
    return alike and kept[0] == kept[1]


@pytest.mark.parametrize("name", REPEATS)
async def test_a_link_was_made_with_a_key_and_then_comes_a_request(
    house: ApiHouse, clock: ManualClock, name: str
) -> None:
    ask, outcome = REPEATS[name]
    first = await FIRST.send(house)
    clock.advance(ask.after)

    second = await ask.send(house)

    assert (first.status_code, is_replay(first)) == (201, False)
    assert await links_of(house) == (2 if outcome == DONE else 1)
    assert is_replay(second) is (outcome == REPLAYED)
    if outcome == DONE:
        assert second.status_code == 201
        assert second.json()["data"]["id"] != first.json()["data"]["id"]
    elif outcome == REPLAYED:
        assert same(first, second)
    else:
        assert (second.status_code, second.json()["error"]) == (422, outcome)


async def test_another_process_replays_it_after_a_restart(
    house: ApiHouse, database_url: str, clock: ManualClock
) -> None:
    first = await post(house)
    house.deps.db.close()
    db = open_database(database_url, clock)
    try:
        restarted = house.with_deps(db=db, keyring=Keyring(db, house.deps.crypto, clock))
        assert same(first, await post(restarted))
        assert await links_of(restarted) == 1
    finally:
        db.close()


async def test_repeats_at_once_have_one_effect_and_one_answer(house: ApiHouse) -> None:
    answers = await asyncio.gather(*(post(house) for _ in range(20)))

    assert await links_of(house) == 1
    assert all(same(answers[0], answer) for answer in answers)
    assert sum(is_replay(answer) for answer in answers) == 19


@pytest.mark.parametrize(
    "sent",
    [
        ["x" * 255],
        ['"' + "x" * 255 + '"'],
        ["8e03978e-40d5-43e8-bc93-6894a57f9324"],
        ["a, b and (c)"],
        [r'"with \"quotes\" and \\"'],
    ],
)
async def test_a_key_is_1_to_255_printable_characters(house: ApiHouse, sent: list[str]) -> None:
    headers = [("idempotency-key", one) for one in sent]

    answers = [await house.shop.post(LINKS, json=LINK, headers=headers) for _ in range(2)]

    assert [is_replay(answer) for answer in answers] == [False, True]


@pytest.mark.parametrize(
    "sent",
    [
        [b""],
        [b'""'],
        [b'"'],
        [b'"open'],
        [b'"a" b'],
        [b'"a";b=1'],
        [b'"a", "b"'],
        [b'"a\\b"'],
        [b"x" * 256],
        [b"caf\xc3\xa9"],
        [b"a\tb"],
        [b"a", b"a"],
    ],
)
async def test_a_malformed_key_is_refused_and_nothing_happens(
    house: ApiHouse, sent: list[bytes]
) -> None:
    headers = [(b"idempotency-key", one) for one in sent]

    answer = await house.shop.post(LINKS, json=LINK, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (400, "idempotency_key_malformed")
    assert await links_of(house) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('{"amount": {"default": -1, "currency": "RUB"}}', 422),
        (json.dumps({**LINK, "image": "https://elsewhere.example/a.jpg"}), 422),
    ],
)
async def test_a_request_that_was_refused_is_corrected_under_the_same_key(
    house: ApiHouse, body: str, status: int
) -> None:
    refused = await FIRST._replace(body=body).send(house)

    corrected = await FIRST.send(house)

    assert refused.status_code == status
    assert (corrected.status_code, is_replay(corrected)) == (201, False)


async def test_what_the_state_refused_is_done_when_the_state_allows_it(house: ApiHouse) -> None:
    order = {"params": {**ORDER["params"], "txid": "order-1001"}}
    costlier = {"params": {**order["params"], "amount": 200}}
    await post(house, TRANSACTIONS, order, "one")

    refused = await post(house, TRANSACTIONS, costlier, "two")
    corrected = await post(house, TRANSACTIONS, ORDER, "two")

    assert (refused.status_code, refused.json()["error"]) == (409, "duplicate_txid")
    assert (corrected.status_code, is_replay(corrected)) == (201, False)


async def test_refusals_of_the_caller_are_not_kept(house: ApiHouse) -> None:
    tenant = house.shop_merchant.id
    few = await house.deps.db.write(
        lambda tx: keys.create(tx, house.deps.crypto, tenant, test=True, scopes=(Scope.PAYMENTS,))[
            1
        ]
    )
    headers = {"idempotency-key": KEY}
    unknown = await house.stranger.post(LINKS, json=LINK, headers=headers)
    forbidden = await house.client(few).post(LINKS, json=LINK, headers=headers)

    allowed = await post(house)

    assert [unknown.status_code, forbidden.status_code] == [401, 403]
    assert (allowed.status_code, is_replay(allowed)) == (201, False)


async def test_a_key_that_came_too_often_is_taken_later(
    house: ApiHouse, clock: ManualClock
) -> None:
    rates = Rates(clock, per_second=1, burst=1)
    limited = house.with_deps(rates=rates)
    await limited.shop.get(LINKS)

    refused = await post(limited)
    clock.advance(1_000)
    allowed = await post(limited)

    assert [refused.status_code, allowed.status_code] == [429, 201]
    assert not is_replay(allowed)


async def test_a_change_is_made_once(house: ApiHouse) -> None:
    made = (await post(house)).json()["data"]
    path, headers = f"{LINKS}/{made['id']}", {"idempotency-key": "change-1"}
    changed = await house.shop.patch(path, json={"title": "Tea"}, headers=headers)
    await house.shop.patch(path, json={"title": "Coffee"})

    repeated = await house.shop.patch(path, json={"title": "Tea"}, headers=headers)

    assert same(changed, repeated)
    assert (await house.shop.get(path)).json()["data"]["title"] == "Coffee"


async def test_a_secret_is_made_once_shown_again_and_not_stored_in_clear(house: ApiHouse) -> None:
    answers = [await house.shop.post(SECRET, headers={"idempotency-key": KEY}) for _ in range(2)]

    kept = await house.deps.db.read(lambda tx: tx.value("SELECT answer FROM idempotency_keys"))
    assert same(*answers)
    assert answers[0].json()["data"]["webhook_secret"] not in kept
    assert KEY not in str(await house.deps.db.read(_names_of_keys))


def _names_of_keys(tx: Any) -> str:
    return str(tx.value("SELECT key_hash FROM idempotency_keys"))


async def test_warnings_and_the_second_status_are_replayed_too(house: ApiHouse) -> None:
    order = {"params": {**ORDER["params"], "txid": "order-1001"}, "colour": "red"}
    await house.shop.post(TRANSACTIONS, json=order)

    known, repeated = [await post(house, TRANSACTIONS, order) for _ in range(2)]

    assert known.status_code == 200
    assert [warning["code"] for warning in known.json()["warnings"]] == ["unknown_fields"]
    assert same(known, repeated)


async def test_a_delete_has_no_use_for_a_key(house: ApiHouse) -> None:
    made = (await post(house)).json()["data"]

    deleted = await house.shop.delete(f"{LINKS}/{made['id']}", headers={"idempotency-key": KEY})

    assert (deleted.status_code, is_replay(deleted)) == (200, False)
