"""A link asks its payer something: one field, an address, a consent, one of some amounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.payers import Payer, Seen, seen
from tests.support.running import JSON, RunningHouse

pytestmark = pytest.mark.anyio

TABLE = {"key": "table", "label": "Table number", "required": True}
ADULT = {"text": "I am over 18.", "required": True}


async def asking(house: RunningHouse, **config: Any) -> dict[str, Any]:
    return await house.make_link(pay_config={"methods": ["card"], **config})


async def paid(house: RunningHouse, payer: Payer, link: dict[str, Any], **fields: str) -> Seen:
    status = await payer.decide(await payer.begin(link["url"], **fields), "approve")
    await house.settle()
    return await payer.look(status)


async def test_an_answer_goes_with_the_payment_into_metadata(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(
        pay_config={"methods": ["card"], "field": TABLE}, metadata={"hall": "garden"}
    )
    page = await payer.look(link["url"])
    assert '<input id="field" name="field" required type="text"' in page.html
    assert "Table number" in page.text

    assert (await paid(house, payer, link, field=" 7  b ")).state == "charged"

    known = {"hall": "garden", "table": "7 b"}
    assert (await house.payment())["metadata"] == house.told[0]["metadata"] == known


async def test_a_chosen_answer_is_one_of_the_list(house: RunningHouse, payer: Payer) -> None:
    size = {"key": "size", "label": "Size", "choices": ["S", "M", "L"]}
    link = await asking(house, field=size)
    page = await payer.look(link["url"])
    assert page.html.count("<option>") == 3

    page = seen(await payer.pay(link["url"], field="XXL"))
    assert (page.status, page.state) == (422, "pay")
    assert "Choose one of the list." in page.text
    await paid(house, payer, link, field="M")
    assert (await house.payment())["metadata"] == {"size": "M"}
    answer = await house.payer.post(link["url"], headers=JSON)  # it is not required
    assert answer.status_code == 201


async def test_what_is_missing_is_said_beside_its_field_and_the_rest_stays(
    house: RunningHouse, payer: Payer
) -> None:
    link = await asking(house, field=TABLE, contact="email", consent=ADULT)
    page = seen(await payer.pay(link["url"], field="<7>", email="anna@nowhere"))

    assert (page.status, page.state) == (422, "pay")
    assert 'value="&lt;7&gt;"' in page.html
    assert 'aria-describedby="email-fault" autofocus type="email"' in page.html
    assert "Type an e-mail address such as name@example.com." in page.text
    assert 'aria-describedby="consent-fault"' in page.html
    assert "<title>Error: " in page.html
    assert await house.payments() == []

    answer = await payer.press(
        link["url"], page.token, method="card", field="7", email="anna@here.example", consent="yes"
    )
    assert answer.status_code == 303


async def test_who_was_declined_answers_nothing_again_but_agrees_anew(
    house: RunningHouse, payer: Payer
) -> None:
    link = await asking(house, field=TABLE, contact="email", consent=ADULT)
    said = {"field": "7 b", "email": "anna@here.example", "consent": "yes"}
    await payer.decide(await payer.begin(link["url"], **said), "decline_generic")
    await house.settle()

    page = await payer.look(link["url"])

    assert 'value="7 b"' in page.html
    assert 'value="anna@here.example"' in page.html
    assert 'name="consent" value="yes" required>' in page.html
    assert 'class="fault"' not in page.html
    other = await house.new_payer().look(link["url"])
    assert "anna@here.example" not in other.html


async def test_a_card_number_is_neither_taken_nor_shown_again(
    house: RunningHouse, payer: Payer
) -> None:
    link = await asking(house, field=TABLE)
    answer = await payer.pay(link["url"], field="4111 1111 1111 1111")
    assert answer.status_code == 422
    assert "4111" not in answer.text
    assert "This looks like a card number. It is not needed here." in seen(answer).text


@pytest.mark.parametrize(
    ("contact", "typed", "known"),
    [
        ("email", " anna@here.example ", "anna@here.example"),
        ("phone", "+7 (900) 123-45-67", "+79001234567"),
    ],
)
async def test_how_to_reach_the_payer_is_told_to_the_acquirer_and_to_nobody_else(
    house: RunningHouse, payer: Payer, contact: str, typed: str, known: str
) -> None:
    link = await asking(house, contact=contact)
    page = await payer.look(link["url"])
    kind = "tel" if contact == "phone" else "email"
    assert f'type="{kind}" maxlength=' in page.html
    assert f'inputmode="{kind}" autocomplete="{kind}"' in page.html

    await paid(house, payer, link, **{contact: typed})

    assert house.created[0]["payer"][contact] == known
    told = [str(await house.payments()), str(house.told)]
    told.append((await house.shop.get("/api/v1/events", params={"limit": 100})).text)
    assert not any(known in text for text in told)


async def test_a_consent_is_kept_as_it_was_read(house: RunningHouse, payer: Payer) -> None:
    link = await asking(house, consent=ADULT)
    page = await payer.look(link["url"])
    changed = {"consent": {"text": "I am over 21.", "required": True}}
    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"pay_config": changed})

    again = seen(await payer.press(link["url"], page.token, method="card", consent="yes"))
    assert (again.status, await house.payments()) == (409, [])
    assert "has changed since you opened this page. Nothing was started." in again.text
    await payer.press(link["url"], again.token, method="card", consent="yes")

    consent = (await house.payment())["consent"]
    assert consent == {
        "text": "I am over 21.",
        "agreed": "2026-03-01T10:00:00+00:00",
        "ticked": True,
    }


async def test_a_line_without_a_box_is_agreed_to_by_pay(house: RunningHouse, payer: Payer) -> None:
    link = await asking(house, consent={"text": "No refunds after noon."})
    page = await payer.look(link["url"])
    assert "No refunds after noon." in page.text
    assert 'type="checkbox"' not in page.html
    await paid(house, payer, link)
    assert (await house.payment())["consent"]["ticked"] is False


async def test_suggested_amounts_are_one_touch_and_another_can_be_typed(
    house: RunningHouse, payer: Payer
) -> None:
    amount = {"default": 50_000, "currency": "RUB", "min": 10_000, "max": 500_000}
    link = await house.make_link(
        amount_type="dynamic", amount=amount, pay_config={"suggestions": [20_000, 50_000]}
    )
    page = await payer.look(link["url"])
    assert 'name="amount_minor" value="50000" required checked' in page.html
    assert page.typed == ""

    await payer.begin(link["url"], amount_minor="20000", amount="7")
    await payer.begin(link["url"], amount_minor="", amount="777")
    assert sorted(one["amount"] for one in await house.payments()) == [20_000, 77_700]

    page = seen(await payer.pay(link["url"], amount_minor="", amount="5"))
    assert (page.status, page.typed) == (422, "5")
    assert "Type an amount from ₽100.00 to ₽5,000.00." in page.text


async def test_another_answer_is_another_payment_and_the_same_goes_on(
    house: RunningHouse, payer: Payer
) -> None:
    link = await asking(house, field=TABLE, contact="email")
    said = {"field": "7", "email": "anna@here.example"}
    first = await payer.begin(link["url"], **said)
    assert await payer.begin(link["url"], **said) == first
    for change in ({"field": "8"}, {"email": "bella@here.example"}):
        assert await payer.begin(link["url"], **{**said, **change}) != first
    assert len(house.created) == 3

    page = await payer.look(link["url"])
    answers = [await payer.press(link["url"], page.token, method="card", **said) for _ in range(2)]
    assert len({str(one.headers["location"]) for one in answers}) == 1


async def test_a_script_sends_the_same_and_reads_what_is_wrong(house: RunningHouse) -> None:
    link = await asking(house, field=TABLE, contact="phone", consent=ADULT, tips=[1000])
    answer = await house.payer.post(link["url"], headers=JSON, json={"tip": 500, "field": 7})
    assert answer.status_code == 422
    assert answer.json()["details"] == {
        "phone": ["is required"],
        "consent": ["is required"],
        "tip": ["is not offered here"],
    }
    body = {"tip": 1000, "field": 7, "phone": "+79001234567", "consent": True}
    answer = await house.payer.post(link["url"], headers=JSON, json=body)
    assert answer.status_code == 201
    payment = await house.payment()
    assert (payment["amount"], payment["tip_amount"]) == (1_100, 100)
