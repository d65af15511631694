"""The log goes to standard error: readable lines for people, or one JSON object a line.

Standard output is for words meant to be read once. What may be logged is each caller's duty; a net
under it masks what reads like a secret. Every line names the request that caused it.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from handbill.infra import tracing
from handbill.infra.masking import mask
from handbill.infra.settings import LogFormat


def configure(log_format: LogFormat) -> None:
    """Every record on standard error, ours and the libraries'; of these, nothing below
    warnings."""
    shared: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_request,
    ]
    # Exceptions become text first: what they say is masked as well.
    last: list[structlog.types.Processor] = [
        structlog.processors.format_exc_info,
        _mask,
        _renderer(log_format),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _renderer(log_format: LogFormat) -> structlog.types.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _name_request(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if (request_id := tracing.request_id()) and "request_id" not in event:
        event["request_id"] = request_id
    return event


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    match value:
        case None | bool() | float():
            return value
        case int():  # a number may be a card's
            text = mask(str(value))
            return value if text == str(value) else text
        case dict():
            return {_masked(key): _masked(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(item) for item in value]
        case _:
            return mask(value if isinstance(value, str) else repr(value))
