"""Every error has an HTTP status that somebody chose, in `web/problems.py` alone."""

from __future__ import annotations

import re

import pytest

from handbill.kernel import errors as kernel_errors
from handbill.kernel.errors import HandbillError
from handbill.web.problems import KINDS, status_of
from tests.architecture.modules import errors

DRAWN = re.compile(r"^([|` -]+)([A-Z]\w+)\b", re.MULTILINE)


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_every_error_has_a_status_that_somebody_chose(error: type[HandbillError]) -> None:
    """By name for the tree of the kernel; what a slice adds may lean on its branch, but not on
    the root, whose 500 nobody chose."""
    of_the_kernel = error.__module__ == kernel_errors.__name__
    leans_on = next(ancestor for ancestor in error.__mro__ if ancestor in KINDS)

    assert leans_on is error or not of_the_kernel
    assert leans_on is not HandbillError or error is HandbillError
    assert 400 <= status_of(error) <= 599


def test_no_two_errors_share_a_code() -> None:
    codes = sorted(error.code for error in errors())

    assert codes == sorted(set(codes))


def test_the_tree_is_drawn_as_it_is() -> None:
    """In the docstring of `kernel/errors.py`: each class, one step deeper than its parent."""
    drawn = DRAWN.findall(kernel_errors.__doc__ or "")
    depths = {name: len(stem) // 4 for stem, name in drawn}

    assert depths == {
        error.__name__: error.__mro__.index(HandbillError)
        for error in errors()
        if error.__module__ == kernel_errors.__name__ and error is not HandbillError
    }
