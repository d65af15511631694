"""Ten bugs that cost money, and who finds each: proof that the tests see, not only that they pass.

Each bug is put into a copy of the sources, never into the sources themselves. A line that has moved
makes the bug impossible to plant, which is an error and not a pass: whoever moves it moves it here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from torture import once
from torture.run import Plan

ROOT = Path(__file__).parent.parent
SECONDS_MAX = 600
KILLS = 6
PATIENCE_SECONDS = 20
SEED = 20_260_305
TORTURE = "bin/torture --database"
FAILED = 1
"""pytest's exit code for tests that ran and failed, and for nothing else."""


class Moved(AssertionError):
    """The place where a bug belongs is not there any more, or is there twice."""


class Edit(msgspec.Struct, frozen=True):
    """`right` stands once in the file."""

    file: str
    right: str
    wrong: str


class Bug(msgspec.Struct, frozen=True):
    """`judge`: a test by its pytest name, or `bin/torture --database` with its name, which must
    then say `verdict`."""

    name: str
    edits: tuple[Edit, ...]
    judge: str
    verdict: str = ""


BUGS = (
    Bug(
        "A charge leaves no event in the outbox",
        (
            Edit(
                "handbill/payments/moves.py",
                "if to in facts.WEBHOOK_STATUSES:",
                "if to in facts.WEBHOOK_STATUSES - {PaymentStatus.CHARGED}:",
            ),
        ),
        f"{TORTURE} sqlite",
        "was told 0 times",
    ),
    Bug(
        "An event becomes a delivery that is never due",
        (
            Edit(
                "handbill/webhooks/store.py",
                ":replayed, :status, 0, :now, 0, :now)",
                ":replayed, :status, 0, NULL, 0, :now)",
            ),
        ),
        f"{TORTURE} sqlite",
        "unfinished after",
    ),
    Bug(
        "The last place of a link is looked at and then taken, without a lock",
        (
            Edit(
                "handbill/payments/start.py",
                "lambda tx: opening.open_attempt(tx, order), merchant=merchant_id",
                "lambda tx: opening.open_attempt(tx, order)",
            ),
            Edit(
                "handbill/links/store.py",
                'FROM links WHERE id = :id FOR UPDATE"',
                'FROM links WHERE id = :id"',
            ),
        ),
        "tests/stores/test_payments_races.py::test_two_processes_give_the_last_place_once",
    ),
    Bug(
        "SQLite runs with `synchronous=NORMAL`",
        (Edit("handbill/infra/database/sqlite.py", '"synchronous=FULL"', '"synchronous=NORMAL"'),),
        "tests/stores/test_database_faults.py::test_commits_of_sqlite_are_flushed",
    ),
    Bug(
        "An error of COMMIT is swallowed",
        (
            Edit(
                "handbill/infra/database/writer.py",
                "        except Exception as error:\n"
                "            raise Stopped(error, Stage.COMMITTING) from error\n",
                '        except Exception as error:\n            log.warning(f"{error}")\n',
            ),
        ),
        "tests/stores/test_database_faults.py"
        "::test_a_commit_without_an_answer_is_unknown_and_not_run_again",
    ),
    Bug(
        "A delivery is put away before its attempt is recorded",
        (
            Edit(
                "handbill/webhooks/store.py",
                "        until=tx.now + LEASE,\n",
                "        until=tx.now << 1,\n",
            ),
        ),
        "tests/scenarios/test_webhook_survives_a_restart.py"
        "::test_a_process_that_dies_between_sending_and_recording_sends_the_same_again",
    ),
    Bug(
        "A lease has no fence",
        (
            Edit(
                "handbill/infra/jobs.py",
                '"DELETE FROM jobs WHERE id = :id AND fence = :fence", id=job.id, fence=job.fence',
                '"DELETE FROM jobs WHERE id = :id", id=job.id',
            ),
        ),
        "tests/stores/test_jobs.py::test_a_lost_lease_undoes_the_effect",
    ),
    Bug(
        "A charge is not posted",
        (
            Edit(
                "handbill/payments/charging.py",
                "    book.post(tx, recipes.charged(_charge(payment, attempt)))\n",
                "",
            ),
        ),
        f"{TORTURE} sqlite",
        "the books do not say so",
    ),
    Bug(
        "A refund counts against what was paid only once it has succeeded",
        (
            Edit(
                "handbill/payments/refund.py",
                "return self.status is not RefundStatus.FAILED",
                "return self.status is RefundStatus.SUCCEEDED",
            ),
        ),
        "tests/stores/test_refunds.py::test_of_refunds_at_once_no_kopeck_goes_back_twice",
    ),
    Bug(
        "A key of idempotency is looked up before and stored after its effect",
        (
            Edit(
                "handbill/web/calls.py",
                "        return _sent(await self._write("
                "lambda tx: idempotency.once(tx, crypto, request, answer)))\n",
                "        if (known := await self.replay()) is not None:\n"
                "            return known\n"
                "        done = await self._write(answer)\n"
                "        return _sent(await self._write("
                "lambda tx: idempotency.once(tx, crypto, request, lambda _: done)))\n",
            ),
        ),
        "tests/scenarios/api/test_idempotency.py"
        "::test_repeats_at_once_have_one_effect_and_one_answer",
    ),
    Bug(
        "Money that comes after an attempt has ended is dropped",
        (
            Edit(
                "handbill/payments/turns.py",
                "Turn.RELEASE),\n    *(Turn.CHARGE,",
                "Turn.RELEASE),\n    *(Turn.NOTHING,",
            ),
        ),
        "tests/stores/test_payments_late.py::test_money_after_the_end_is_a_late_charge",
    ),
    Bug(
        "Money of another amount than was asked for is taken for the right one",
        (
            Edit(
                "handbill/payments/charging.py",
                "if outcome.amount != attempt.expected or outcome.attempt_id",
                "if outcome.attempt_id",
            ),
        ),
        "tests/stores/test_payments.py::test_money_that_does_not_fit_is_for_a_person",
    ),
)


def plant(bug: Bug, folder: Path) -> Path:
    """A copy of the sources with the bug in it. Raises Moved."""
    copy = folder / "src"
    shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in bug.edits:
        file = copy / edit.file
        text = file.read_text()
        if text.count(edit.right) != 1:
            raise Moved(f"{bug.name}: not once in {edit.file}: {edit.right!r}")
        file.write_text(text.replace(edit.right, edit.wrong))
    return copy


def is_caught(bug: Bug) -> bool:
    """Whether its judge condemns the sources with the bug."""
    with tempfile.TemporaryDirectory(prefix="handbill-bug-") as folder:
        sources = plant(bug, Path(folder))
        program, _, database = bug.judge.rpartition(" ")
        if program == TORTURE:
            return _tortured(database, sources, bug.verdict)
        return _tested(bug.judge, sources)


def _tortured(database: str, sources: Path, verdict: str) -> bool:
    environment = {"PYTHONPATH": str(sources)}
    plan = Plan(database, SEED, SECONDS_MAX, KILLS, PATIENCE_SECONDS, environment)
    return any(verdict in one for one in once.run(plan).violations)


def _tested(test: str, sources: Path) -> bool:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *("-o", f"pythonpath=. {sources}", test),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        timeout=SECONDS_MAX,
    )
    return done.returncode == FAILED
