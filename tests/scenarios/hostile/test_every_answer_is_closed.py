"""The headers of every route: what may be loaded, framed, sent on and kept. A new route is
forgotten by nobody: the walk fails until it has its place here."""

from __future__ import annotations

import re

import httpx2
import pytest

from handbill.infra.database import Tx
from handbill.kernel.addresses import Addresses
from handbill.links import store as links
from handbill.web.app import always
from tests.support.running import RunningHouse

pytestmark = pytest.mark.anyio

SCRIPTED = frozenset({"/sandbox/inbox"})
FORMS = frozenset({"/pay/link/{id}", "/pay/product/{id}", "/pay/at/{code}", "/pay/payment/{token}"})
PAGES = frozenset({"/", "/pay/status/{token}"}) | SCRIPTED | FORMS
CODES = frozenset(
    f"/pay/{noun}/qr{suffix}"
    for noun in ("link/{id}", "product/{id}", "at/{code}")
    for suffix in ("", ".png", ".svg", ".pdf")
)
STREAM = "/pay/status/{token}/events"
RECEIPT = "/pay/status/{token}/receipt.pdf"
PRIVATE_CODE = "/pay/status/{token}/qr.svg"
KEPT_CODE = "/pay/status/{token}/qr.png"
PICTURES = frozenset({"/images/uploads/{partner}/{name}", "/pay/link/{id}/card.png"}) | CODES
STYLES = frozenset({"/static/{name}", "/docs/reference.css", "/pay/accent/{name}.css"})
LEADING_ON = frozenset({"/L/{code}", "/l/{code}", "/pay/link/{id}/ask"})
BEACON = "/pay/opened/{token}"
PRIVATE = frozenset({PRIVATE_CODE, KEPT_CODE, STREAM, RECEIPT, BEACON})
OPEN = frozenset({"/docs", "/openapi.json", "/robots.txt", "/healthz", "/readyz", "/metrics"})
SIGNED_IN = ("/till", "/dashboard")
ELSEWHERE = frozenset(
    {
        *("/sandbox", "/notifications/{provider}/{token}", "/pay/status/{token}/receipt"),
        "/pay/opened",
    }
)
"""The pretended acquirer, a stranger to us, and what is only sent to and never opened."""

POLICY = {
    "default-src": "'none'",
    "img-src": "'self'",
    "style-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
POWERS = ("camera", "geolocation", "microphone", "payment")


def policy(answer: httpx2.Response) -> dict[str, str]:
    rules = answer.headers["content-security-policy"].split("; ")
    return {name: sources for name, _, sources in (rule.partition(" ") for rule in rules)}


async def addresses(house: RunningHouse) -> dict[str, str]:
    """Something that is there, for each template of an address with a name in it."""
    link = await house.make_link(pay_config={"methods": ["card", "sbp"]})
    code = await house.payer.get(f"{link['url']}/qr.png")  # as good a picture as any
    files = {"image": ("photo.png", code.content, "image/png")}
    photo = (await house.shop.post("/api/v1/images", files=files)).json()["data"]["url"]
    product = await house.make_product(image=photo)
    status = await house.new_payer().begin(link["url"], "sbp")
    payer = house.new_payer()
    paid = await payer.decide(await payer.begin(link["url"]), "approve")
    await house.settle()
    params = {"type": "payment", "amount": 500, "currency": "RUB"}
    made = await house.shop.post("/api/v1/transactions", json={"params": params})
    ordered = await house.payer.get(made.json()["data"]["payment_url"])
    page = await house.payer.get(link["url"])
    style = re.search(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    assert style
    short = await house.house.db.read(lambda tx: _code(tx, link["id"]))
    known = {
        "/pay/link/{id}": link["url"],
        "/pay/product/{id}": product["url"],
        "/pay/at/{code}": f"/pay/at/{short.lower()}",
        BEACON: "/pay/opened/x",
        "/pay/status/{token}": status,
        "/pay/payment/{token}": ordered.headers["location"],
        "/images/uploads/{partner}/{name}": photo,
        "/static/{name}": style[1],
        "/pay/accent/{name}.css": "/pay/accent/0b5b48.css",
        "/L/{code}": f"/L/{short}",
        "/l/{code}": f"/l/{short}",
        "/pay/link/{id}/ask": f"{link['url']}/ask",
        "/pay/link/{id}/card.png": f"{link['url']}/card.png",
        PRIVATE_CODE: f"{status}/qr.svg",
        KEPT_CODE: f"{status}/qr.png",
        STREAM: f"{status}/events",
        RECEIPT: f"{paid}/receipt.pdf",
    }
    for path in CODES:
        noun = path.partition("/qr")[0]
        known[path] = path.replace(noun, known[noun])
    return known


def _code(tx: Tx, link_id: str) -> str:
    found = links.find_for_page(tx, link_id)
    assert found is not None
    return found.code


async def test_no_route_is_open_that_need_not_be(house: RunningHouse) -> None:
    known = await addresses(house)
    routes = {
        path for path in house.house.app.templates if not path.startswith(("/api", *SIGNED_IN))
    }
    assert routes == PAGES | PICTURES | STYLES | LEADING_ON | PRIVATE | OPEN | ELSEWHERE

    for path in sorted(routes - ELSEWHERE):
        async with house.payer.stream("GET", known.get(path, path)) as answer:
            if path != STREAM:
                await answer.aread()
        headers = answer.headers
        assert answer.status_code in (200, 302, 303), path
        assert headers.get_list("x-content-type-options") == ["nosniff"], path
        assert "unsafe" not in headers.get("content-security-policy", ""), path
        if path in PAGES:
            _assert_closed(path, answer)
        if path in PAGES | LEADING_ON | PRIVATE:
            assert headers["cache-control"] == "no-store", path
        if path in PAGES | LEADING_ON:
            assert headers["referrer-policy"] == "no-referrer", path
        if path in PICTURES | STYLES:
            assert headers["cache-control"].startswith("public, max-age="), path
        if path in {*PICTURES, PRIVATE_CODE, KEPT_CODE, BEACON}:
            assert policy(answer)["default-src"] == "'none'", path


def _assert_closed(path: str, answer: httpx2.Response) -> None:
    found = policy(answer)
    scripts = {"script-src": "'self'", "connect-src": "'self'"}
    may_have_script = path in SCRIPTED or "<script" in answer.text
    form = found.pop("form-action")
    assert form.startswith("'self'") if path in FORMS else form == "'self'", path
    assert found == POLICY | (scripts if may_have_script else {}), path
    assert answer.headers["x-frame-options"] == "DENY", path
    assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
    assert all(f"{one}=()" in answer.headers["permissions-policy"] for one in POWERS), path
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", answer.text), path


async def test_what_people_sign_in_to_is_framed_by_nobody_and_not_kept(
    house: RunningHouse,
) -> None:
    for path in house.house.app.templates:
        if path.startswith(SIGNED_IN):
            answer = await house.payer.get(re.sub(r"{[^}]*}", "x", path))
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"], path
            assert answer.headers["cache-control"] in ("no-store", "no-cache"), path
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert policy(answer)["frame-ancestors"] == "'none'", path
                assert "unsafe" not in answer.headers["content-security-policy"], path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing-here"),
        ("GET", "/pay/link/x"),
        ("GET", "/static/x.css"),
        ("DELETE", "/"),
        ("POST", "/pay/link/x"),
    ],
)
async def test_a_page_that_says_no_is_as_closed_as_one_that_says_yes(
    house: RunningHouse, method: str, path: str
) -> None:
    answer = await house.payer.request(method, path)

    assert answer.status_code >= 400
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers["cache-control"] == "no-store"
    _assert_closed(path, answer)


async def test_what_programs_get_is_kept_nowhere(house: RunningHouse) -> None:
    for path in house.house.app.templates:
        if path.startswith("/api"):
            answer = await house.shop.get(re.sub(r"{[^}]*}", "x", path))
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"], path


def test_an_address_that_was_https_stays_https() -> None:
    promise = (b"strict-transport-security", b"max-age=31536000")
    assert promise in always(Addresses("https://pay.example"))
    assert not any(name == promise[0] for name, _ in always(Addresses("http://localhost:8000")))
