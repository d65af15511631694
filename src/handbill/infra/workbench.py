"""The worker process of `infra.workshop`: reads a job, does it, answers, until its input ends.

Started as `python -m handbill.infra.workbench TIME MEMORY MODULE...`. It runs functions of those
modules and no others, under limits that it sets for itself before it loads them, and imports
little: the server that starts it waits.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from handbill.kernel.errors import HandbillError, Invalid

if sys.platform != "win32":
    import resource

Argument = bytes | str | int
Result = Argument | tuple[Argument, ...]
"""What a function takes and gives. Messages say Any: msgspec cannot tell text from bytes."""

LENGTH = struct.Struct(">I")
"""Every message is msgpack behind its length in four bytes."""

_ALARM: Callable[[int], int] = getattr(signal, "alarm", lambda seconds: 0)


class Job(msgspec.Struct, array_like=True):
    function: str
    arguments: list[Any]


class Done(msgspec.Struct, tag=True, array_like=True):
    result: Any


class Refused(msgspec.Struct, tag=True, array_like=True):
    """The function raised one of `kernel.errors`, whose words are ours and fit for the caller."""

    error: str
    detail: str
    faults: dict[str, list[str]] | None


class Failed(msgspec.Struct, tag=True, array_like=True):
    """The function raised something else. Only the name of the class crosses: its words may quote
    what a user sent."""

    error: str


Answer = Done | Refused | Failed


def serve(jobs: BinaryIO, answers: BinaryIO, modules: Sequence[str], seconds: int) -> None:
    """Says that it is ready, then works until the other side closes `jobs`. A job
    that outlives `seconds` ends this process: so it goes away even where the server is gone."""
    loaded = {name: importlib.import_module(name) for name in modules}
    decoder, encoder = msgspec.msgpack.Decoder(Job), msgspec.msgpack.Encoder()
    _send(answers, encoder.encode(Done("ready")))
    while head := jobs.read(LENGTH.size):
        job = decoder.decode(jobs.read(LENGTH.unpack(head)[0]))
        _ALARM(seconds)
        module, _, name = job.function.partition(":")
        answer = encoder.encode(_answer(getattr(loaded[module], name), job.arguments))
        _ALARM(0)
        _send(answers, answer)


def _send(answers: BinaryIO, message: bytes) -> None:
    answers.write(LENGTH.pack(len(message)))
    answers.write(message)
    answers.flush()


def _answer(function: Callable[..., Result], arguments: list[Argument]) -> Answer:
    try:
        result = function(*arguments)
    except HandbillError as error:
        faults = error.faults if isinstance(error, Invalid) else None
        return Refused(type(error).__name__, error.detail, faults)
    except Exception as error:
        return Failed(type(error).__name__)
    return Done(result)


def _limit(memory_bytes: int) -> None:
    """What a decoder that went wrong may take. Systems without these limits go without them."""
    if sys.platform == "win32":
        return
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory_bytes)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    with contextlib.suppress(OSError):  # where memory runs out, the worker goes, not the server
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    seconds, memory_bytes, *modules = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's; our input ends with it
    _limit(int(memory_bytes))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a print in a library must not end up among the answers
    with contextlib.suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers, modules, int(seconds))


if __name__ == "__main__":
    main()
