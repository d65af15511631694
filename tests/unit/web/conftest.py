"""The toy API behind a test client that holds a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from handbill.kernel.clock import ManualClock
from tests.unit.web.toy import KEY, toy_app


@pytest.fixture
def api(clock: ManualClock) -> Iterator[TestClient]:
    with TestClient(toy_app(clock), headers={"x-api-key": KEY}) as client:
        yield client
