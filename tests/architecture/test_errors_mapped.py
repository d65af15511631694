"""Every error of the tree has an HTTP status of its own choosing, in `web/problems.py` alone."""

from __future__ import annotations

import pytest

from handbill.kernel.errors import HandbillError
from handbill.web import problems
from tests.architecture.errors import tree

EVERY_ERROR = tree(HandbillError)


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: error.__name__)
def test_every_error_has_an_http_status(error: type[HandbillError]) -> None:
    status = problems.status_of(error)

    assert 400 <= status <= 599


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in EVERY_ERROR]

    assert sorted(codes) == sorted(set(codes))
