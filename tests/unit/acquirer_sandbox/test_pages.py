"""The payer's pages: buttons that work without script, and never a field to type into."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx2
import pytest

from acquirer_sandbox.model import Method
from acquirer_sandbox.scenarios import RARE, SCENARIOS
from handbill.infra.jobs import Worker
from handbill.kernel.clock import DAY, ManualClock
from tests.unit.acquirer_sandbox.conftest import Payer, Till

# What a page says does not hang on the database; what a decision does is tested on both.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

CARD_BUTTONS = [
    "approve",
    "decline_insufficient_funds",
    "decline_generic",
    "decline_fraud",
    "3ds_challenge",
    "pending_then_success",
    "pending_then_fail",
    "cancel",
]
RARE_BUTTONS = [one for part in RARE.values() for one in part if one.steps]


def rare(method: Method) -> list[str]:
    return [one.name for one in RARE_BUTTONS if method in one.methods]


class Page(HTMLParser):
    """What a browser without script can do on a page."""

    def __init__(self, answer: httpx2.Response) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.buttons: list[str | None] = []
        self.links: list[str | None] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes
        if tag == "button":
            assert ("name", "decision") in attributes
            self.buttons.append(dict(attributes)["value"])
        if tag == "a":
            self.links.append(dict(attributes)["href"])


async def test_a_card_page_tells_amount_shop_and_that_no_money_moves(
    till: Till, payer: Payer
) -> None:
    answer = await payer.open(await till.create(amount=123_450))

    assert answer.status_code == 200
    for words in ("1,234.50 RUB", "Coffee &lt;House&gt;", "Open until 11:00 UTC", "No money moves"):
        assert words in answer.text
    assert Page(answer).buttons == CARD_BUTTONS + rare(Method.CARD)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(1980, "JPY", "1,980 JPY"), (12_345, "KWD", "12.345 KWD"), (5, "USD", "0.05 USD")],
)
async def test_amounts_are_shown_with_the_places_of_their_currency(
    till: Till, payer: Payer, amount: int, currency: str, shown: str
) -> None:
    answer = await payer.open(await till.create(amount=amount, currency=currency))

    assert f">{shown}<" in answer.text


@pytest.mark.parametrize(
    ("method", "presses"),
    [
        ("card", []),
        ("card", ["3ds_challenge"]),
        ("card", ["approve"]),
        ("sbp", []),
        ("sbp", ["sbp_scanned"]),
        ("sbp", ["sbp_paid"]),
    ],
)
async def test_no_page_has_a_field_a_script_or_an_inline_style(
    till: Till, payer: Payer, method: str, presses: list[str]
) -> None:
    payment = await till.create(method=method)
    for press in presses:
        await payer.press(payment, press)

    answer = await payer.open(payment)

    page = Page(answer)
    assert not {"input", "textarea", "select", "script", "style", "iframe"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"style", "contenteditable"} & names
    assert not [name for name in names if name.startswith("on")]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(answer.content) < 8_192


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        ("approve", "charged"),
        ("decline_insufficient_funds", "declined"),
        ("decline_generic", "declined"),
        ("decline_fraud", "declined"),
        ("pending_then_success", "processing"),
        ("pending_then_fail", "processing"),
        ("cancel", "cancelled"),
    ],
)
async def test_a_button_decides_and_leads_back_to_the_shop(
    till: Till, payer: Payer, decision: str, status: str
) -> None:
    payment = await till.create()

    answer = await payer.press(payment, decision)

    assert (answer.status_code, answer.headers["location"]) == (303, "https://shop.test/status/1")
    assert await till.status(payment) == status


@pytest.mark.parametrize(
    ("decision", "status"),
    [("3ds_ok", "charged"), ("3ds_fail", "declined"), ("3ds_abandon", "challenge")],
)
async def test_the_banks_page_comes_between(
    till: Till, payer: Payer, decision: str, status: str
) -> None:
    payment = await till.create()
    asked = await payer.press(payment, "3ds_challenge")
    bank = await payer.open(payment)

    answer = await payer.press(payment, decision)

    assert (asked.status_code, asked.headers["location"]) == (303, payment["payment_url"])
    assert Page(bank).buttons == ["3ds_ok", "3ds_fail", "3ds_abandon"]
    assert (answer.status_code, answer.headers["location"]) == (303, "https://shop.test/status/1")
    assert await till.status(payment) == status


async def test_the_banks_app_opens_from_the_qr(till: Till, payer: Payer) -> None:
    payment = await till.create(method="sbp")
    app = await payer.open(payment)
    scanned = await payer.press(payment, "sbp_scanned")
    again = await payer.open(payment)

    paid = await payer.press(payment, "sbp_paid")

    assert Page(app).buttons == ["sbp_paid", "sbp_rejected", "sbp_scanned", *rare(Method.SBP)]
    assert (scanned.status_code, scanned.headers["location"]) == (303, payment["qr_payload"])
    assert Page(again).buttons == ["sbp_paid", "sbp_rejected"]
    assert paid.headers["location"] == "https://shop.test/status/1"
    assert await till.status(payment) == "charged"


async def test_a_second_click_is_told_how_things_stand(till: Till, payer: Payer) -> None:
    payment = await till.create()
    await payer.press(payment, "decline_insufficient_funds")

    answer = await payer.press(payment, "approve")

    assert answer.status_code == 409
    assert "There is not enough money on the account." in answer.text
    assert "your last press changed nothing" in answer.text
    assert Page(answer).links == ["https://shop.test/status/1"]
    assert await till.status(payment) == "declined"


@pytest.mark.parametrize("decision", ["", "3ds_ok", "sbp_paid", "nonsense"])
async def test_a_button_of_another_page_changes_nothing(
    till: Till, payer: Payer, decision: str
) -> None:
    payment = await till.create()

    answer = await payer.press(payment, decision)

    assert answer.status_code == 409
    assert Page(answer).buttons == CARD_BUTTONS + rare(Method.CARD)
    assert await till.status(payment) == "awaiting_payer"


async def test_looking_changes_nothing(till: Till, payer: Payer) -> None:
    payment = await till.create(method="sbp")

    for _ in range(3):
        await payer.open(payment)

    assert await till.status(payment) == "awaiting_payer"


async def test_a_payment_that_was_left_alone_is_too_late(
    till: Till, payer: Payer, worker: Worker, clock: ManualClock
) -> None:
    payment = await till.create()
    clock.advance(DAY)
    before = await payer.open(payment)
    await worker.step()

    after = await payer.open(payment)

    assert "Too late" in before.text
    assert "Too late" in after.text
    assert Page(after).buttons == []


@pytest.mark.parametrize("path", ["/pay/unknown", "/unknown", "/BD" + "0" * 30])
async def test_an_unknown_address_has_a_page_too(http: httpx2.AsyncClient, path: str) -> None:
    assert "No such payment" in (await http.get(path)).text
    assert (await http.post(path, data={"decision": "approve"})).status_code == 404


async def test_a_form_over_its_bound_is_refused(till: Till, payer: Payer) -> None:
    payment = await till.create()

    answer = await payer.press(payment, "approve" * 1_000)

    assert answer.status_code == 413
    assert await till.status(payment) == "awaiting_payer"


async def test_the_style_sheet_is_where_the_page_says(till: Till, payer: Payer) -> None:
    answer = await payer.open(await till.create())
    found = re.search(r'<link rel="stylesheet" href="([^"]+)"', answer.text)
    assert found

    style = await till.http.get(str(httpx2.URL("http://sandbox.test").join(found[1])))

    assert found[1].startswith("/acquirer/static/page.css?")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text


async def test_every_scenario_is_written_down(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/")

    assert answer.status_code == 200
    for scenario in SCENARIOS.values():
        digits = f" <b>…{scenario.tail}</b>" if scenario.tail else ""
        assert f"<dt><code>{scenario.name}</code>{digits}</dt>" in answer.text
