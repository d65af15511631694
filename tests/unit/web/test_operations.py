"""The order in which a request is judged, and the form of every answer."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from handbill.kernel.clock import ManualClock
from handbill.web.rates import Rates
from tests.unit.web.toy import KEY, LINKS_ONLY, MANY, NOTE_ID, PAUSED, toy_app

NOTE: dict[str, Any] = {"title": "Hello", "kind": "plain", "price": {"value": 5}}
NOTES = "/api/v1/notes"


def test_an_object_is_made_and_shown_in_an_envelope(api: TestClient) -> None:
    answer = api.post(NOTES, json=NOTE)

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "data": {"id": NOTE_ID, "title": "Hello", "url": "https://notes.example/1", "ends": None}
    }


def test_warnings_stand_beside_the_data(api: TestClient) -> None:
    answer = api.post(NOTES, json={**NOTE, "title": "warn", "colour": "red"})

    assert [w["code"] for w in answer.json()["warnings"]] == ["unknown_fields", "loud"]
    assert answer.json()["warnings"][0]["names"] == ["colour"]


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + " ", "x" * 10_000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", NOTES),
        ("PUT", NOTES),
        ("GET", f"{NOTES}/not-an-id"),
        ("GET", f"{NOTES}?nonsense=1"),
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v1/sounds"),
        ("POST", f"{NOTES}/{NOTE_ID}/burn"),
        ("OPTIONS", NOTES),
    ],
)
def test_without_a_key_nothing_is_looked_at(
    clock: ManualClock, method: str, path: str, key: str | None
) -> None:
    client = TestClient(toy_app(clock))
    headers = {"content-type": "text/plain"} | ({"x-api-key": key} if key is not None else {})

    answer = client.request(method, path, content=b"\xff{garbage", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == "unauthorized"


def test_two_keys_at_once_are_no_key(clock: ManualClock) -> None:
    client = TestClient(toy_app(clock))

    answer = client.get(NOTES, headers=[("x-api-key", KEY), ("x-api-key", KEY)])

    assert answer.status_code == 401


def test_a_paused_merchant_is_refused(api: TestClient) -> None:
    answer = api.get(NOTES, headers={"x-api-key": PAUSED})

    assert (answer.status_code, answer.json()["error"]) == (403, "merchant_paused")


def test_a_scope_is_asked_before_the_body_is(api: TestClient) -> None:
    answer = api.post("/api/v1/sounds", headers={"x-api-key": LINKS_ONLY}, content=b"garbage")

    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    assert "admin" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_is_told_which_there_are(api: TestClient, method: str) -> None:
    answer = api.request(method, NOTES)

    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_names_the_methods_and_opens_nothing(api: TestClient) -> None:
    answer = api.options(NOTES, headers={"origin": "https://evil.example"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_head_is_get_without_its_body(api: TestClient) -> None:
    full, head = api.get(NOTES), api.head(NOTES)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(full.content))


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/api/v1/notes/"])
def test_an_unknown_address_below_the_api_is_a_problem(api: TestClient, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 404
    if path != "/api":
        assert answer.json()["error"] == "not_found"


@pytest.mark.parametrize("name", ["x", "1", NOTE_ID[:-1], NOTE_ID[:-1] + "2", "%00", "%F0%9F"])
def test_a_missing_object_and_a_malformed_name_answer_alike(api: TestClient, name: str) -> None:
    assert api.get(f"{NOTES}/{name}").status_code == 404


def test_a_name_is_read_in_any_case(api: TestClient) -> None:
    assert api.get(f"{NOTES}/{NOTE_ID.upper()}").json()["data"]["id"] == NOTE_ID


def test_every_answer_names_its_request(api: TestClient) -> None:
    answers = [api.get(NOTES), api.get("/api/v1/nothing"), api.put(NOTES), api.post(NOTES)]

    names = [answer.headers["x-request-id"] for answer in answers]

    assert len(set(names)) == len(answers)
    assert all(a.json().get("request_id", n) == n for a, n in zip(answers, names, strict=True))


def test_answers_are_not_kept_by_anybody(api: TestClient) -> None:
    assert api.get(NOTES).headers["cache-control"] == "no-store"


def test_an_error_of_ours_inside_is_logged_and_not_told(api: TestClient) -> None:
    with capture_logs() as logged:
        answer = api.post(NOTES, json={**NOTE, "title": "break"})

    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    assert "secret" not in answer.text
    assert [entry["request_id"] for entry in logged] == [answer.headers["x-request-id"]]
    assert logged[0]["exc_info"]


def test_a_taken_link_says_when_it_is_free(api: TestClient) -> None:
    answer = api.post(NOTES, json={**NOTE, "title": "taken"})

    assert (answer.status_code, answer.headers["retry-after"]) == (409, "48")


def test_a_used_link_is_gone(api: TestClient) -> None:
    answer = api.post(NOTES, json={**NOTE, "title": "used"})

    assert (answer.status_code, answer.json()["state"]) == (410, "used")


def test_a_malformed_idempotency_key_is_refused_before_the_body_is_read(api: TestClient) -> None:
    answer = api.post(NOTES, content=b"garbage", headers={"idempotency-key": '"open'})

    assert (answer.status_code, answer.json()["error"]) == (400, "idempotency_key_malformed")


def test_a_get_has_no_use_for_an_idempotency_key(api: TestClient) -> None:
    assert api.get(NOTES, headers={"idempotency-key": '"open'}).status_code == 200


def test_an_operation_that_would_pass_an_idempotency_key_over_breaks(api: TestClient) -> None:
    answer = api.post(NOTES, json=NOTE, headers={"idempotency-key": "once"})

    assert (answer.status_code, answer.json()["error"]) == (500, "internal")


def test_an_operation_of_a_later_version_says_so(api: TestClient) -> None:
    answer = api.post(f"{NOTES}/{NOTE_ID}/burn", content=b"whatever")

    assert (answer.status_code, answer.json()["error"]) == (422, "not_yet")


def test_a_walk_over_the_pages_meets_everything_once(api: TestClient) -> None:
    seen: list[str] = []
    path = f"{NOTES}?limit=3&kind=plain"
    while path:
        answer = api.get(path)
        page = answer.json()
        seen += [note["id"] for note in page["data"]]
        assert page["cursor"]["cursor_field"] == "created"
        assert page["has_more"] is (page["cursor"]["cursor_value"] is not None)
        path = answer.links["next"]["url"] if page["has_more"] else ""
        assert not path or path.startswith("https://pay.example/api/v1/notes?limit=3&kind=plain&")

    assert seen == MANY


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "=", "%00", "MTk"])
def test_a_foreign_cursor_is_refused_by_name(api: TestClient, cursor: str) -> None:
    answer = api.get(f"{NOTES}?cursor={cursor}")

    assert (answer.status_code, list(answer.json()["details"])) == (422, ["cursor"])


def test_an_unknown_filter_is_refused_by_name(api: TestClient) -> None:
    answer = api.get(f"{NOTES}?colour=red&limit=0")

    assert (answer.status_code, set(answer.json()["details"])) == (422, {"colour", "limit"})


def test_an_address_with_too_many_parameters_is_refused(api: TestClient) -> None:
    assert api.get(NOTES + "?" + "q=1&" * 60).status_code == 400


def test_a_key_over_its_rate_waits(clock: ManualClock) -> None:
    rates = Rates(clock, per_second=1, burst=2)
    client = TestClient(toy_app(clock, rates), headers={"x-api-key": KEY})

    answers = [client.get(NOTES) for _ in range(3)]

    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"default";r=1;t=1'
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=2'
    assert answers[2].headers["retry-after"] == "1"
    clock.advance(1_000)
    assert client.get(NOTES).status_code == 200


def test_the_rate_is_counted_before_anything_else_is_judged(clock: ManualClock) -> None:
    client = TestClient(toy_app(clock, Rates(clock, 1, 1)), headers={"x-api-key": KEY})
    client.get("/api/v1/nothing")

    assert client.post(NOTES, content=b"garbage").status_code == 429
