"""Whatever takes an idempotency key keeps its promise.

`Call.write` and `Call.carry_out` do, and give a Reply. A handler that gives bare data has written
without them: its caller would repeat the request, and it would be done twice.
"""

from __future__ import annotations

from typing import get_type_hints

import pytest

from handbill.web.api import OPERATIONS
from handbill.web.operations import Operation
from handbill.web.replies import Reply

WRITES = [one for one in OPERATIONS if one.takes_key and one.answer is not None]


@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.name)
def test_no_operation_passes_a_key_over(operation: Operation) -> None:
    assert get_type_hints(operation.handler)["return"] is Reply
