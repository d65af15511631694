"""`handbill serve` without typer takes what typer takes, and leaves to it what is not plain."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer.main

from handbill.cli.main import app
from handbill.cli.served import FLAGS, read
from handbill.infra.settings import Described, describe

SETTINGS = describe()
PLAIN = [
    ([], {}),
    (["--port", "8001"], {"port": "8001"}),
    (["--port=8001", "--data=/srv/a=b"], {"port": "8001", "data": "/srv/a=b"}),
    (["--port", "8001", "--port", "8002"], {"port": "8002"}),
    (["--public-url", "https://pay.example"], {"public_url": "https://pay.example"}),
    (["--sandbox", "--no-worker"], {"sandbox": True, "worker": False}),
    (["--host", ""], {"host": ""}),
]
NOT_PLAIN = [
    ["--help"],
    ["--port", "8001", "--help"],
    ["--nonsense", "1"],
    ["--port"],
    ["--port", "--data", "x"],
    ["--port", "-5"],
    ["--sandbox=yes"],
    ["folder"],
]


@pytest.mark.parametrize(("arguments", "given"), PLAIN, ids=lambda value: str(value))
def test_settings_are_read(arguments: list[str], given: dict[str, object]) -> None:
    assert read(["serve", *arguments]) == given


@pytest.mark.parametrize("arguments", NOT_PLAIN, ids=" ".join)
def test_everything_else_is_left_to_typer(arguments: list[str]) -> None:
    assert read(["serve", *arguments]) is None


@pytest.mark.parametrize("arguments", [[], ["keys", "list"], ["--version"]], ids=" ".join)
def test_so_are_other_commands(arguments: list[str]) -> None:
    assert read(arguments) is None


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_every_setting_is_an_option(setting: Described) -> None:
    value = [] if setting.name in FLAGS else ["given"]

    assert read(["serve", setting.option, *value]) == {setting.name: True if not value else "given"}


def test_typer_knows_the_same_options() -> None:
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    known = {word for one in serve.params for word in (*one.opts, *one.secondary_opts)}
    ours = {one.option for one in SETTINGS} | {f"--no-{name}" for name in FLAGS}

    assert ours == known - {"--help"}


def test_a_server_does_not_load_typer() -> None:
    program = (
        "import sys; sys.argv = ['handbill', 'serve']; import handbill.cli; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "handbill.bootstrap.serving" in loaded
    assert {"typer", "pydantic"}.isdisjoint(loaded)
