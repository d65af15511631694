"""`handbill serve` for typer: its options are the settings. See `served` for how servers start."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from handbill.cli import served
from handbill.infra.settings import Described, describe


def _serve(**given: object) -> None:
    """Serve API, pages, worker and sandbox acquirer in one process."""
    served.serve(given)


def with_an_option_for_each_setting(command: Callable[..., None]) -> Callable[..., None]:
    """A setting that is described is an option, without a second list of them to keep."""
    signature = inspect.Signature([_parameter(one) for one in describe()])
    # What typer reads. Any function may have it; the stubs of functions do not list it.
    command.__signature__ = signature  # type: ignore[attr-defined]
    return command


def _parameter(one: Described) -> inspect.Parameter:
    is_flag = one.name in served.FLAGS
    names = f"{one.option}/--no-{one.option[2:]}" if is_flag else one.option
    option = typer.Option(names, help=f"{one.description} [{one.default}]", show_default=False)
    kind: Any = bool if is_flag else str
    return inspect.Parameter(
        one.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


serve = with_an_option_for_each_setting(_serve)
