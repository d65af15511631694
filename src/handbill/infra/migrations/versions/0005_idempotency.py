"""Idempotency keys of the API, each with its answer or with the object that is being worked on."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0005"
down_revision = "0004"

KEYS = (
    """
    CREATE TABLE idempotency_keys (
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        key_hash TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        object_id TEXT,
        answer TEXT,
        running_until {at} NOT NULL,
        created_at {at} NOT NULL,
        expires_at {at} NOT NULL,
        PRIMARY KEY (merchant_id, test, key_hash),
        CHECK (object_id IS NOT NULL OR answer IS NOT NULL)
    )
    """,
    "CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at)",
)


def upgrade() -> None:
    dialect.run(*KEYS)


def downgrade() -> None:
    dialect.drop("idempotency_keys")
