"""What became of each try to pay, and the keyed hash of the network that it came from."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0009"
down_revision = "0008"

TABLES = (
    """
    CREATE TABLE screened_attempts (
        attempt_id {id} PRIMARY KEY,
        subject_id {id} NOT NULL,
        network TEXT,
        outcome TEXT,
        at {at} NOT NULL
    )
    """,
    "CREATE INDEX screened_attempts_of_network ON screened_attempts (network, at)"
    " WHERE network IS NOT NULL",
    "CREATE INDEX screened_attempts_of_subject ON screened_attempts (subject_id, at, outcome)",
    "CREATE INDEX screened_attempts_oldest ON screened_attempts (at)",
)


def upgrade() -> None:
    dialect.run(*TABLES)


def downgrade() -> None:
    dialect.drop("screened_attempts")
