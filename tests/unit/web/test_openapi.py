"""The document is a valid one, is committed as it is served, and says what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from handbill.kernel.addresses import Addresses
from handbill.web import api, openapi, problems
from handbill.web.api import webhook
from handbill.web.openapi import Message, statuses_of

COMMITTED = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
DESCRIBED = api.describe(Addresses("http://localhost:8000"))


def test_it_is_a_valid_openapi_document() -> None:
    plain = json.loads(openapi.write(DESCRIBED))

    assert list(OpenAPIV31SpecValidator(plain).iter_errors()) == []


def test_the_committed_copy_is_current() -> None:
    """`python -m handbill.web.api > docs/reference/openapi.json` brings it up to date."""
    assert COMMITTED.read_bytes().strip() == openapi.write(DESCRIBED)


def test_every_operation_is_in_it() -> None:
    described = {
        (method.upper(), path) for path, item in DESCRIBED["paths"].items() for method in item
    }

    assert described == {(o.method, o.path) for o in api.OPERATIONS}


def test_names_of_operations_are_unique() -> None:
    names = [operation.name for operation in api.OPERATIONS]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", name) for name in names)


def test_every_tag_is_described() -> None:
    assert {o.tag for o in api.OPERATIONS} == {tag.name for tag in api.TAGS}


@pytest.mark.parametrize("operation", api.OPERATIONS, ids=lambda operation: operation.name)
def test_every_status_that_an_operation_may_answer_is_described(operation: Any) -> None:
    item = DESCRIBED["paths"][operation.path][operation.method.lower()]

    assert {"401", "403", "429", "503"} <= set(item["responses"])
    assert {str(status) for status in statuses_of(operation)} <= set(item["responses"])
    if operation.body is not None:
        assert {"400", "413", "415", "422"} <= set(item["responses"])


WITH_EXAMPLE = [o for o in api.OPERATIONS if o.example is not None]


@pytest.mark.parametrize("operation", WITH_EXAMPLE, ids=lambda operation: operation.name)
def test_an_example_fits_its_own_schema(operation: Any) -> None:
    item = DESCRIBED["paths"][operation.path][operation.method.lower()]
    media = item["requestBody"]["content"]["application/json"]

    validator(media["schema"]).validate(media["example"])


@pytest.mark.parametrize("message", webhook.MESSAGES, ids=lambda message: message.name)
def test_the_example_of_a_webhook_fits_its_schema(message: Message) -> None:
    post = DESCRIBED["webhooks"][message.name]["post"]
    media = post["requestBody"]["content"]["application/json"]

    validator(media["schema"]).validate(media["example"])
    assert set(message.headers) == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_a_problem_as_it_is_sent_fits_its_schema() -> None:
    schema = DESCRIBED["components"]["schemas"]["Problem"]
    reply = problems.render_code("internal", "", "r-1", Addresses("http://localhost:8000"))

    validator(schema).validate(json.loads(reply.body))


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"default": 1, "currency": "RUB"}, True),
        ({"default": 1, "currency": "XAU"}, False),
        ({"default": -1, "currency": "RUB"}, False),
        ({"default": 10**12 + 1, "currency": "RUB"}, False),
        ({"default": 1, "currency": "RUB", "min": None}, True),
        ({"default": "1", "currency": "RUB"}, False),
        ({"currency": "RUB"}, False),
    ],
)
def test_bounds_are_in_the_schemas(body: Any, fits: bool) -> None:
    schema = DESCRIBED["components"]["schemas"]["NewAmount"]

    assert validator(schema).is_valid(body) is fits


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(
        {**schema, "components": json.loads(openapi.write(DESCRIBED))["components"]}
    )
