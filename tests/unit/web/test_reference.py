"""The reference page shows every operation and every error, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import shlex

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from handbill.kernel.addresses import Addresses
from handbill.kernel.clock import ManualClock
from handbill.web import api, problems, reference
from handbill.web.operations import Operation
from handbill.web.rates import Rates

BASE = "https://pay.example/handbill"


@pytest.fixture
def site(clock: ManualClock) -> TestClient:
    described = api.describe(Addresses(BASE))
    routes = reference.routes(lambda: described, api.OPERATIONS, Rates(clock))
    return TestClient(Starlette(routes=list(routes)))


def test_the_page_needs_no_key_and_allows_no_script(site: TestClient) -> None:
    answer = site.get("/docs")

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy


def test_the_page_loads_nothing_from_elsewhere(site: TestClient) -> None:
    html = site.get("/docs").text

    loaded = re.findall(r'(?:src|href)="([^"#][^"]*)"', html)
    assert set(loaded) == {f"{BASE}/docs/reference.css", f"{BASE}/openapi.json"}
    assert not re.search(r"<script|<style|\son\w+=|\sstyle=", html)


def test_the_style_sheet_is_there(site: TestClient) -> None:
    answer = site.get("/docs/reference.css")

    assert (answer.status_code, answer.headers["content-type"]) == (
        200,
        "text/css; charset=utf-8",
    )
    assert "url(" not in answer.text


@pytest.mark.parametrize("operation", api.OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_has_its_place(site: TestClient, operation: Operation) -> None:
    html = site.get("/docs").text

    assert f'id="{operation.name}"' in html


def test_every_link_on_the_page_leads_somewhere_on_it(site: TestClient) -> None:
    html = site.get("/docs").text

    wanted = set(re.findall(r'href="#([^"]+)"', html))
    there = re.findall(r'id="([^"]+)"', html)
    assert wanted <= set(there)
    assert len(there) == len(set(there))


def test_every_error_is_explained_where_its_problems_point(site: TestClient) -> None:
    html = site.get("/docs").text
    codes = {cls.code for cls in problems.KINDS if cls is not problems.ROOT}

    assert all(f'id="error-{code}"' in html for code in codes | set(problems.KINDS_BY_CODE))


def test_limits_are_told(site: TestClient) -> None:
    html = site.get("/docs").text

    assert "200 a second on average, 1,000 at once" in html
    assert "64 KiB" in html


@pytest.mark.parametrize("operation", api.OPERATIONS, ids=lambda operation: operation.name)
def test_a_curl_line_can_be_read_by_a_shell(operation: Operation) -> None:
    line = reference.curl(operation, BASE)

    words = shlex.split(line)

    assert words[0] == "curl"
    assert any(word.startswith(f"{BASE}/api/v1/") for word in words)
    assert "x-api-key: YOUR_API_KEY" in words


def test_the_document_is_served(site: TestClient) -> None:
    answer = site.get("/openapi.json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["servers"] == [{"url": BASE}]


def test_the_document_is_made_when_it_is_first_asked_for() -> None:
    asked: list[int] = []

    def describe() -> dict[str, object]:
        asked.append(1)
        return api.describe(Addresses(BASE))

    client = TestClient(Starlette(routes=list(reference.routes(describe, api.OPERATIONS, None))))
    assert asked == []

    for path in ("/docs", "/openapi.json", "/docs"):
        client.get(path)

    assert asked == [1]
