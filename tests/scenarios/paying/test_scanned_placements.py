"""A link hangs in several places, each with a code of its own: one page, and it is known where its
payers came by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from handbill.infra.database import Tx
from handbill.links import placement_store
from handbill.links import store as links
from handbill.links.placement_store import Placement
from tests.support.payers import Payer, seen
from tests.support.placements import placed, printed
from tests.support.running import JSON, RunningHouse
from tests.unit.qr.reading import open_png, rasterised_pdf, rasterised_svg, read_picture

pytestmark = pytest.mark.anyio


async def hung(house: RunningHouse, link: dict[str, Any], name: str = "Window") -> Placement:
    def hang(tx: Tx) -> Placement:
        found = links.find_for_page(tx, link["id"])
        assert found is not None
        return placed(tx, found, name)

    return await house.house.db.write(hang, merchant=house.merchant.id)


async def change(house: RunningHouse, placement: Placement, **fields: Any) -> None:
    changed = msgspec.structs.replace(placement, **fields)
    await house.house.db.write(lambda tx: placement_store.save(tx, changed))


async def print_on(house: RunningHouse, link: dict[str, Any], code: str, amount: int) -> None:
    def note(tx: Tx) -> None:
        found = links.find_for_page(tx, link["id"])
        assert found is not None
        printed(tx, found, code or found.code, amount)

    await house.house.db.write(note, merchant=house.merchant.id)


def page_of(house: RunningHouse, placement: Placement) -> str:
    return f"{house.url}/pay/at/{placement.code.lower()}"


async def test_a_placements_code_leads_to_the_page_of_its_link(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link(title="Espresso")
    window = await hung(house, link)
    for path in (f"/L/{window.code}", f"/l/{window.code.lower()}?lang=ru"):
        opened = await payer.http.get(path)
        query = path.partition("?")[1:]
        assert opened.status_code == 302
        assert opened.headers["location"] == page_of(house, window) + "".join(query)

    page = await payer.look(page_of(house, window))
    assert "Espresso" in page.text
    assert page.form == f"{page_of(house, window)}?lang=en"
    again = await payer.look(page_of(house, window))  # from memory
    assert (again.form, again.token != page.token) == (page.form, True)


async def test_pay_knows_the_placement(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link()
    window = await hung(house, link)
    await payer.decide(await payer.begin(page_of(house, window)), "approve")
    script = await payer.http.post(page_of(house, window), data={"method": "card"}, headers=JSON)
    assert script.status_code == 201
    await house.new_payer().begin(link["url"])
    await house.settle()

    first, second, third = await house.payments()
    assert first["status"] == "charged"
    assert [one["placement"] for one in (first, second, third)] == [window.id, window.id, None]
    assert [told["placement"] for told in house.told] == [window.id]
    narrowed = await house.shop.get(f"/api/v1/transactions?placement={window.id}")
    assert {one["id"] for one in narrowed.json()["data"]} == {first["id"], second["id"]}


async def test_the_whole_visit_stays_at_the_placement(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(max_payments=1, closed_message="Sold")
    window = await hung(house, link)
    address = page_of(house, window)
    stale = seen(await payer.press(f"{address}?lang=de", "forged", method="card"))
    assert (stale.state, list(stale.buttons.values())) == ("stale", [f"{address}?lang=de"])
    other = house.new_payer()
    going = await other.begin(address)
    cancelled = await other.decide(going, "cancel")
    await house.settle()
    over = await other.look(cancelled)
    assert (over.state, address in over.buttons.values()) == ("cancelled", True)
    await house.new_payer().begin(address)
    taken = await payer.look(address)
    assert (taken.state, list(taken.buttons.values())) == ("taken", [address])


async def test_a_placement_that_was_moved_or_removed_leads_on(
    house: RunningHouse, payer: Payer
) -> None:
    link, other = await house.make_link(title="Tea"), await house.make_link(title="Cake")
    window = await hung(house, link)
    old = await payer.look(page_of(house, window))
    assert "Tea" in (await payer.look(page_of(house, window))).text

    await change(house, window, link_id=other["id"])
    assert "Cake" in (await payer.look(page_of(house, window))).text
    pressed = await payer.press(page_of(house, window), old.token, method="card")
    assert seen(pressed).state == "stale"  # nobody pays for cake who was shown tea

    await change(house, window, removed_at=house.clock.now())
    assert "Tea" in (await payer.look(page_of(house, window))).text
    assert (await payer.http.get(f"/L/{window.code}")).status_code == 302
    await house.shop.delete(f"/api/v1/links/{link['id']}")
    assert (await payer.look(page_of(house, window))).status == 410


async def test_another_spelling_opens_the_page_and_misses_get_slower(
    house: RunningHouse, payer: Payer
) -> None:
    window = await hung(house, await house.make_link())
    assert (await payer.look(f"/pay/at/{window.code}")).status == 200
    for number in range(30):
        assert (await payer.look(f"/pay/at/{number:010}")).status == 404
        assert (await payer.look(f"/L/{number:010}")).status == 404
    assert (await payer.look("/pay/at/abcdefghjk")).status == 429
    assert (await payer.look("/pay/at/abcdefghjk/qr")).status == 429
    assert (await payer.look(page_of(house, window))).status == 200


@pytest.mark.parametrize(
    ("suffix", "picture"), [("", open_png), (".svg", rasterised_svg), (".pdf", rasterised_pdf)]
)
async def test_a_placement_has_a_code_of_its_own(
    house: RunningHouse, payer: Payer, suffix: str, picture: Any
) -> None:
    window = await hung(house, await house.make_link())
    answer = await payer.http.get(f"{page_of(house, window)}/qr{suffix}")
    assert read_picture(picture(answer.content)).text.endswith(f"/L/{window.code}")
    assert f'filename="qr-{window.code}.' in answer.headers["content-disposition"]
    await change(house, window, removed_at=house.clock.now())
    assert (await payer.http.get(f"{page_of(house, window)}/qr{suffix}")).status_code == 404


STALE = "The price on paper, ₽8.00, is no longer right. It is ₽10.00 now."


async def test_a_price_on_paper_that_is_over_is_said_before_pay(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    window = await hung(house, link)
    assert "paper" not in (await payer.look(page_of(house, window))).text

    await print_on(house, link, window.code, 800)
    for _ in range(2):
        page = await payer.look(page_of(house, window))
        assert STALE in page.text
        assert page.html.index("on paper") < page.html.index("<button")
    assert "paper" not in (await payer.look(link["url"])).text  # that paper has another code

    await house.shop.patch(f"/api/v1/links/{link['id']}", json={"amount": {"default": 800}})
    assert "paper" not in (await payer.look(page_of(house, window))).text


async def test_a_links_own_code_leads_to_where_its_paper_is_corrected(
    house: RunningHouse, payer: Payer
) -> None:
    link = await house.make_link()
    found = await house.house.db.read(lambda tx: links.find_for_page(tx, link["id"]))
    assert found is not None
    short, at_code = f"/L/{found.code}", f"{house.url}/pay/at/{found.code.lower()}"
    await print_on(house, link, "", 1000)
    assert (await payer.http.get(short)).headers["location"] == link["url"]

    await print_on(house, link, "", 800)
    assert (await payer.http.get(short)).headers["location"] == at_code
    assert STALE in (await payer.look(at_code)).text
    await payer.begin(at_code)
    assert (await house.payment())["placement"] is None

    signed = await house.shop.post(
        f"/api/v1/links/{link['id']}/personal", json={"reference": "order 1"}
    )
    query = signed.json()["data"]["url"].partition("?")[2]
    opened = await payer.http.get(f"{short}?{query}")
    assert opened.headers["location"] == f"{link['url']}?{query}"


async def test_who_types_the_amount_reads_of_no_price(house: RunningHouse, payer: Payer) -> None:
    link = await house.make_link(amount_type="dynamic")
    window = await hung(house, link)
    await print_on(house, link, window.code, 800)
    assert "paper" not in (await payer.look(page_of(house, window))).text
