"""Table `screened_attempts`: of each try its outcome and a keyed hash of the network it came from.

No address, no card, nothing of the payer; a row lives for a day."""

from __future__ import annotations

from handbill.infra.database import Tx
from handbill.kernel.clock import Instant
from handbill.screening.model import Outcome, Tally, Try

TRIES_READ_MAX = 200
TALLY_READ_MAX = 500
SWEPT_MAX = 1_000

_TALLY = (
    "SELECT COALESCE(SUM(CASE outcome WHEN 'refused' THEN 1 ELSE 0 END), 0) AS refused,"
    " COALESCE(SUM(CASE outcome WHEN 'charged' THEN 1 ELSE 0 END), 0) AS charged"
    " FROM (SELECT outcome FROM screened_attempts"
)


def add(tx: Tx, attempt_id: str, subject_id: str, network: str | None) -> None:
    tx.later(
        "INSERT INTO screened_attempts (attempt_id, subject_id, network, at)"
        " VALUES (:attempt_id, :subject_id, :network, :now)",
        attempt_id=attempt_id,
        subject_id=subject_id,
        network=network,
        now=tx.now,
    )


def decide(tx: Tx, attempt_id: str, outcome: Outcome) -> None:
    """A repeat changes nothing; a charge may still follow a refusal."""
    tx.later(
        "UPDATE screened_attempts SET outcome = :outcome, at = :now WHERE attempt_id = :attempt_id"
        " AND (outcome IS NULL OR (outcome = :refused AND :outcome <> :refused))",
        attempt_id=attempt_id,
        outcome=str(outcome),
        refused=str(Outcome.REFUSED),
        now=tx.now,
    )


def drop_undecided(tx: Tx, attempt_id: str) -> None:
    tx.later(
        "DELETE FROM screened_attempts WHERE attempt_id = :attempt_id AND outcome IS NULL",
        attempt_id=attempt_id,
    )


def of_network(tx: Tx, network: str, since: Instant) -> list[Try]:
    """The newest ones."""
    return tx.all(
        Try,
        "SELECT outcome, at FROM screened_attempts WHERE network = :network AND at > :since"
        " ORDER BY at DESC LIMIT :limit",
        network=network,
        since=since,
        limit=TRIES_READ_MAX,
    )


def tally(tx: Tx, subject_id: str, since: Instant) -> Tally:
    """Of the newest tries on a link, or of a payment."""
    return tx.get(
        Tally,
        f"{_TALLY} WHERE subject_id = :subject_id AND at > :since"
        " ORDER BY at DESC LIMIT :limit) AS newest",
        subject_id=subject_id,
        since=since,
        limit=TALLY_READ_MAX,
    )


def tally_of_all(tx: Tx, since: Instant) -> Tally:
    """Of the newest tries on all links."""
    return tx.get(
        Tally,
        f"{_TALLY} WHERE at > :since ORDER BY at DESC LIMIT :limit) AS newest",
        since=since,
        limit=TALLY_READ_MAX,
    )


def sweep(tx: Tx, before: Instant) -> int:
    """Deletes some of what is older. Gives how many there were."""
    return tx.run(
        "DELETE FROM screened_attempts WHERE attempt_id IN (SELECT attempt_id"
        " FROM screened_attempts WHERE at < :before ORDER BY at LIMIT :limit)",
        before=before,
        limit=SWEPT_MAX,
    )


def is_empty(tx: Tx) -> bool:
    return tx.value("SELECT 1 FROM screened_attempts LIMIT 1") is None
