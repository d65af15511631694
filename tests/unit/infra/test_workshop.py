"""The worker process: what crosses, what a bad job does to it and to others, when it goes.

The jobs are functions of the standard library, for a worker imports nothing of the tests.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

import handbill
from handbill.infra.workbench import LENGTH, Job
from handbill.infra.workshop import JobFailed, JobStopped, JobTimedOut, Workshop
from handbill.kernel.errors import BrokenImage, Unavailable

pytestmark = pytest.mark.anyio

MODULES = ("builtins", "operator", "os", "time")
SECRET = "4276-secret-words"


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both, for they start and reap processes each in their own way; the server uses uvloop."""
    return "asyncio", {"use_uvloop": request.param}


@asynccontextmanager
async def opened(*modules: str, **options: object) -> AsyncIterator[Workshop]:
    workshop = Workshop(*(modules or MODULES), **options)  # type: ignore[arg-type]
    try:
        yield workshop
    finally:
        await workshop.close()


async def gone(pid: int) -> None:
    """Returns when that process has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), 10)
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def test_values_go_there_and_back() -> None:
    async with opened() as workshop:
        assert await workshop.run("operator:mul", b"\x00ab", 2) == b"\x00ab\x00ab"
        assert await workshop.run("operator:add", "Кофе", "!") == "Кофе!"
        assert await workshop.run("builtins:divmod", 17, 5) == [3, 2]


async def test_ten_megabytes_go_there_and_back() -> None:
    large = os.urandom(10 * 1024 * 1024)

    async with opened() as workshop:
        assert await workshop.run("operator:mul", large, 1) == large


async def test_two_callers_each_get_their_own_answer_from_one_process() -> None:
    async with opened(waiting_max=50) as workshop:
        calls = [workshop.run("operator:add", "caller ", str(n)) for n in range(40)]
        answers = await asyncio.gather(*calls)
        pids = await asyncio.gather(workshop.run("os:getpid"), workshop.run("os:getpid"))

    assert answers == [f"caller {n}" for n in range(40)]
    assert pids[0] == pids[1]
    assert pids[0] != os.getpid()


async def test_more_than_one_worker_runs_only_where_it_is_allowed() -> None:
    async with opened(workers_max=2) as workshop:
        pids = await asyncio.gather(*(workshop.run("os:getpid") for _ in range(2)))

    assert len(set(pids)) == 2


async def test_nothing_runs_before_the_first_job() -> None:
    async with opened() as workshop:
        assert workshop.pids == []


async def test_a_function_outside_the_workshop_is_refused() -> None:
    async with opened("operator") as workshop:
        with pytest.raises(ValueError, match="not in this workshop"):
            await workshop.run("os:getpid")


async def test_our_own_errors_come_back_as_what_they_are() -> None:
    async with opened("handbill.catalog.pictures") as workshop:
        with pytest.raises(BrokenImage) as refused:
            await workshop.run("handbill.catalog.pictures:rebuild", b"not a picture", "JPEG")
        survivors = workshop.pids

    assert refused.value.faults == {"image": ["cannot be read as a picture"]}
    assert len(survivors) == 1


async def test_other_errors_are_named_but_never_quoted() -> None:
    async with opened() as workshop:
        with pytest.raises(JobFailed, match="builtins:int raised ValueError") as failed:
            await workshop.run("builtins:int", SECRET)

    assert SECRET not in repr(failed.value)
    assert SECRET not in repr(failed.value.__cause__)


@pytest.mark.parametrize(("function", "arguments"), [("os:abort", ()), ("os:_exit", (0,))])
async def test_a_worker_that_dies_is_replaced(function: str, arguments: tuple[int, ...]) -> None:
    async with opened() as workshop:
        before = await workshop.run("os:getpid")
        with pytest.raises(JobStopped):
            await workshop.run(function, *arguments)

        after = await workshop.run("os:getpid")

    assert after != before


async def test_a_worker_that_died_while_it_waited_costs_no_job() -> None:
    async with opened() as workshop:
        await workshop.run("os:getpid")
        (pid,) = workshop.pids
        os.kill(pid, signal.SIGKILL)
        await gone(pid)

        assert await workshop.run("operator:add", 1, 1) == 2


async def test_a_job_that_hangs_is_stopped_and_the_next_one_runs() -> None:
    async with opened(timeout_seconds=1) as workshop:
        hung = await workshop.run("os:getpid")
        with pytest.raises(JobTimedOut, match="time:sleep was stopped"):
            await workshop.run("time:sleep", 600)
        assert isinstance(hung, int)
        await gone(hung)

        assert await workshop.run("operator:add", 1, 1) == 2


async def test_a_worker_that_holds_too_much_after_its_job_is_followed_by_another() -> None:
    async with opened(hoard_bytes=1) as workshop:
        first = await workshop.run("os:getpid")
        assert isinstance(first, int)
        await gone(first)
        assert workshop.pids == []
        assert await workshop.run("os:getpid") != first


async def test_a_job_that_wants_too_much_memory_is_stopped_and_the_next_one_runs() -> None:
    async with opened(memory_bytes=200 * 1024 * 1024) as workshop:
        with pytest.raises(JobStopped, match="too much memory"):
            await workshop.run("operator:mul", b"x" * 1024, 1024 * 1024)

        assert await workshop.run("operator:add", 1, 1) == 2


async def test_a_caller_that_goes_away_takes_its_job_along() -> None:
    async with opened() as workshop:
        pid = await workshop.run("os:getpid")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workshop.run("time:sleep", 600), 0.2)

        assert await workshop.run("operator:add", 1, 1) == 2
        assert isinstance(pid, int)
        await gone(pid)


async def test_more_jobs_than_may_wait_are_refused_at_once() -> None:
    async with opened(waiting_max=2) as workshop:
        calls = [workshop.run("operator:add", n, n) for n in range(6)]
        answers = await asyncio.gather(*calls, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert answers[:3] == [0, 2, 4]
    assert len(refused) == 3


async def test_an_idle_worker_goes_and_a_new_one_comes_when_it_is_needed() -> None:
    async with opened(idle_seconds=0.05) as workshop:
        first = await workshop.run("os:getpid")
        assert isinstance(first, int)
        await gone(first)

        second = await workshop.run("os:getpid")

    assert second != first


async def test_closing_stops_the_worker_and_refuses_what_comes_later() -> None:
    workshop = Workshop(*MODULES)
    pid = await workshop.run("os:getpid")
    assert isinstance(pid, int)

    await workshop.close()

    await gone(pid)
    with pytest.raises(Unavailable):
        await workshop.run("os:getpid")


async def test_a_worker_that_cannot_start_is_no_fault_of_the_job() -> None:
    async with opened("no_such_module_at_all") as workshop:
        with pytest.raises(Unavailable):
            await workshop.run("no_such_module_at_all:work")


async def test_a_worker_knows_no_secret_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDBILL_SECRET_KEY", SECRET)

    async with opened() as workshop:
        assert await workshop.run("os:getenv", "HANDBILL_SECRET_KEY") is None


async def test_ctrl_c_in_the_terminal_is_left_to_the_server() -> None:
    async with opened() as workshop:
        pid = await workshop.run("os:getpid")
        assert isinstance(pid, int)
        os.kill(pid, signal.SIGINT)

        assert await workshop.run("os:getpid") == pid


async def test_a_worker_ends_with_its_input() -> None:
    with worker_process() as worker:
        worker.communicate(timeout=10)

    assert worker.returncode == 0


async def test_a_worker_that_hangs_ends_by_itself_when_its_server_is_gone() -> None:
    job = msgspec.msgpack.encode(Job("time:sleep", [600]))

    with worker_process() as worker:
        assert worker.stdin is not None
        worker.stdin.write(LENGTH.pack(len(job)) + job)
        worker.stdin.close()
        worker.wait(timeout=10)

    assert worker.returncode == -signal.SIGALRM


def worker_process() -> subprocess.Popen[bytes]:
    """As the workshop starts it, with a second for each job."""
    return subprocess.Popen(
        [sys.executable, "-m", "handbill.infra.workbench", "1", str(2**29), "time"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(handbill.__file__).parent.parent)},
    )
