"""Heavy work in a process of its own: started on demand, killed when it hangs, gone when idle.

The server never loads what the work needs, and a decoder that crashes or eats memory takes
nobody with it. What crosses is plain values; errors never quote them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

import handbill
from handbill.infra.workbench import LENGTH, Answer, Argument, Done, Job, Refused
from handbill.kernel import errors

TIMEOUT_SECONDS = 10
START_SECONDS = 30
IDLE_SECONDS = 60.0
MEMORY_BYTES = 640 * 1024 * 1024
"""Address space of a worker. A WebP of 25 megapixels takes 430 MiB of it, the most of all."""
HOARD_BYTES = 144 * 1024 * 1024
"""What a worker may hold when its job is done. Type that was set is remembered by the library that
sets it: after a few long prints, until there is no room for the next."""
WAITING_MAX = 8
ANSWER_BYTES_MAX = 64 * 1024 * 1024

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_GONE = (TimeoutError, EOFError, OSError, msgspec.DecodeError)
"""What talking to a worker raises that hangs, died or talks nonsense."""
_KEPT_IN_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")


class JobFailed(Exception):
    """The function raised something that is not ours. Names it, never quotes it."""


class JobStopped(Exception):
    """The job took too much memory, or its worker died: trying again will not help."""


class JobTimedOut(JobStopped):
    """The job took too long, which may be the machine's fault and not its own."""


class Workshop:
    """At most `workers_max` processes that run functions of `modules`, one job each at a time.

    A job may take `timeout_seconds`; waiting for its turn and starting a worker do not count.
    """

    def __init__(
        self,
        *modules: str,
        workers_max: int = 1,
        waiting_max: int = WAITING_MAX,
        timeout_seconds: int = TIMEOUT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        hoard_bytes: int = HOARD_BYTES,
    ) -> None:
        self._modules = modules
        self._turns = asyncio.Semaphore(workers_max)
        self._waiting, self._waiting_max = 0, waiting_max
        self._timeout_seconds = timeout_seconds
        self._idle_seconds = idle_seconds
        self._memory_bytes, self._hoard_bytes = memory_bytes, hoard_bytes
        self._idle: list[_Worker] = []
        self._timer: asyncio.TimerHandle | None = None
        self._dismissal: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pids(self) -> list[int]:
        """The workers that wait for a job."""
        return [worker.pid for worker in self._idle]

    async def run(self, function: str, *arguments: Argument) -> object:
        """`function` is `package.module:function` of an allowed module. A tuple comes back as a
        list, and unchecked: `msgspec.convert` it, a decoder may have been taken over.

        Raises what the function raised of `kernel.errors`; JobFailed, JobStopped; Unavailable
        where too many jobs wait already, or the workshop is closed.
        """
        if function.partition(":")[0] not in self._modules:
            raise ValueError(f"{function} is not in this workshop")
        async with self._turn():
            worker = await self._worker()
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    answer = await worker.do(Job(function, list(arguments)))
            except _GONE as error:
                await worker.stop()
                kind = JobTimedOut if isinstance(error, TimeoutError) else JobStopped
                raise kind(f"{function} was stopped.") from error
            except BaseException:  # cancelled: nobody knows what the worker will say next
                await worker.stop()
                raise
            return await self._judge(function, worker, answer)

    async def close(self) -> None:
        """Stops the workers that wait; one that works ends with its job."""
        self._closed = True
        await self._dismiss()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= self._waiting_max or self._closed:
            raise errors.Unavailable("Too much work is waiting. Try again in a moment.")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def _worker(self) -> _Worker:
        if self._timer is not None:
            self._timer.cancel()
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            await worker.stop()
        return await _Worker.start(self._timeout_seconds, self._memory_bytes, self._modules)

    async def _judge(self, function: str, worker: _Worker, answer: Answer) -> object:
        if isinstance(answer, (Done, Refused)):
            await self._keep(worker)
        if isinstance(answer, Done):
            return answer.result
        if isinstance(answer, Refused):
            raise _rebuilt(answer)
        # After a failure, above all for want of memory, a fresh process is the safe one.
        await worker.stop()
        if answer.error == MemoryError.__name__:
            raise JobStopped(f"{function} wanted too much memory.")
        raise JobFailed(f"{function} raised {answer.error}.")

    async def _keep(self, worker: _Worker) -> None:
        if self._closed or worker.memory_bytes > self._hoard_bytes:
            await worker.stop()
            return
        self._idle.append(worker)
        self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._fall_idle)

    def _fall_idle(self) -> None:
        self._dismissal = asyncio.create_task(self._dismiss())

    async def _dismiss(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        idle, self._idle = self._idle, []
        for worker in idle:
            await worker.stop()


class _Worker:
    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._jobs, self._answers = process.stdin, process.stdout

    @classmethod
    async def start(cls, seconds: int, memory_bytes: int, modules: tuple[str, ...]) -> _Worker:
        """Raises Unavailable where it does not start: that is no fault of the job's."""
        # Not a fork: the server has threads. And not its environment: it holds secrets.
        environment = {k: v for k, v in os.environ.items() if k in _KEPT_IN_ENVIRONMENT}
        environment["PYTHONPATH"] = str(Path(handbill.__file__).parent.parent)
        command = ("-P", "-m", "handbill.infra.workbench")  # -P: nothing from the working folder
        limits = (str(seconds + 1), str(memory_bytes))
        worker = None
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *command, *limits, *modules),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,  # tracebacks and decoders' warnings quote what users sent
                env=environment,
            )
            worker = cls(process)
            async with asyncio.timeout(START_SECONDS):
                await worker.receive()
            return worker
        except BaseException as error:
            if worker is not None:
                await worker.stop()
            if isinstance(error, _GONE):
                raise errors.Unavailable("The work cannot be done right now.") from error
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Asked of the system: the event loop may not have heard of its end yet."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    @property
    def memory_bytes(self) -> int:
        """What it holds. 0 on a system that does not tell, or where it is gone."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_bytes().split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    async def do(self, job: Job) -> Answer:
        message = _ENCODER.encode(job)
        self._jobs.write(LENGTH.pack(len(message)))
        self._jobs.write(message)
        await self._jobs.drain()
        return await self.receive()

    async def receive(self) -> Answer:
        (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
        if length > ANSWER_BYTES_MAX:
            raise EOFError("an answer of this length is none")
        return _DECODER.decode(await self._answers.readexactly(length))

    async def stop(self) -> None:
        """Kills it: it holds nothing that could be lost. Waits until it is gone."""
        self._jobs.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


def _rebuilt(refused: Refused) -> Exception:
    kind = getattr(errors, refused.error, None)
    if not (isinstance(kind, type) and issubclass(kind, errors.HandbillError)):
        return JobFailed(f"The worker raised {refused.error}.")
    if issubclass(kind, errors.Invalid):
        return kind(refused.faults or {}, refused.detail)
    return kind(refused.detail)
