"""What the log writes: masked in every value, named after its request, one line for each."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from handbill.bootstrap import logs
from handbill.bootstrap.request_log import RequestLog
from handbill.infra import settings, tracing
from handbill.infra.settings import LogFormat
from handbill.web.entrance import Visit

KEY = "hb_live_4GqPz8yYk2LwRt6VnXc1BdFh9JmSa3ZQrTuWxE"
CARD = 4111111111111111
FORMATS: tuple[LogFormat, ...] = ("json", "text")


class Odd:
    def __repr__(self) -> str:
        return f"<Odd {KEY}>"


@pytest.fixture(autouse=True)
def _configured() -> Iterator[None]:
    """Leaves the process as it was."""
    level = logging.root.level
    yield
    logging.root.setLevel(level)
    structlog.reset_defaults()


def configure(log_format: LogFormat) -> None:
    """As in a process where nobody has configured anything yet."""
    logging.root.handlers.clear()
    logs.configure(log_format)


@pytest.mark.parametrize("log_format", FORMATS)
def test_nothing_secret_gets_through_wherever_it_stands(
    log_format: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(log_format)
    log = structlog.get_logger()
    nested: dict[str, Any] = {"a": [{"b": (KEY, Odd())}], KEY: {"whsec_secretsecret"}}
    log.warning(f"event of anna@shop.example {KEY}", nested=nested, card=CARD, exact=12)
    try:
        raise ValueError(f"postgresql://shop:geheim@db/x {KEY} {CARD}")
    except ValueError:
        log.exception("broken", detail=Odd())
        logging.getLogger("library").exception("library says %s", KEY)

    said = capsys.readouterr().err
    for secret in (KEY, str(CARD), "secretsecret", "anna@", "geheim"):
        assert secret not in said
    assert said.count("hb_live_***") == 8
    assert "ValueError" in said
    assert "12" in said


def test_lines_of_a_request_carry_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    log = structlog.get_logger()
    log.info("outside")
    tracing.begin(b"request-1")
    log.info("inside")
    logging.getLogger("library").warning("inside, too")
    tracing.begin(b"")

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line.get("request_id") for line in lines] == [None, "request-1", "request-1"]


@pytest.mark.anyio
@pytest.mark.parametrize("log_format", FORMATS)
async def test_a_request_is_a_line(
    log_format: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    log = RequestLog(settings.load({"log_format": log_format}, {}))
    log.tell(Visit("r-1", "GET", "/pay/link/{id}", 200, 0.00123, None, None))
    log.tell(Visit("r-2", "POST", "/api/v1/links", 201, 1.5, 7, "key-1"))
    assert capsys.readouterr().err == ""
    log.flush()

    first, second = capsys.readouterr().err.splitlines()
    if log_format == "json":
        known = json.loads(second)
        assert known.pop("timestamp").endswith("Z")
        assert known == {
            "event": "request",
            "level": "info",
            "request_id": "r-2",
            "method": "POST",
            "route": "/api/v1/links",
            "status": 201,
            "duration_ms": 1500.0,
            "merchant": 7,
            "key": "key-1",
        }
        assert "merchant" not in json.loads(first)
    else:
        words = "request_id=r-1 method=GET route=/pay/link/{id} status=200 duration_ms=1.23"
        assert first.endswith(words)
        assert second.endswith("merchant=7 key=key-1")


def test_the_log_goes_where_standard_error_is(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    structlog.get_logger().info("here")
    assert capsys.readouterr().out == ""
    assert sys.stderr is not None
