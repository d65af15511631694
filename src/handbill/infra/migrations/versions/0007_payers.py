"""What is known of payers: moved out of payments into a table of its own.

A payer of before keeps the id of its payment. Fingerprints of orders were plain hashes, from which
an e-mail address could be guessed; they cannot be made anew here, where the installation's key is
not known, and go.
"""

from __future__ import annotations

from alembic import op

from handbill.infra.migrations import dialect

revision = "0007"
down_revision = "0006"

_MEMBER = {
    "sqlite": "json_extract(customer_json, '$.{name}')",
    "postgresql": "customer_json::json ->> '{name}'",
}
_OBJECT = {
    "sqlite": "json_object('email', email, 'phone', phone, 'name', name)",
    "postgresql": "json_build_object('email', email, 'phone', phone, 'name', name)::text",
}

PAYERS = """
    CREATE TABLE payers (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        email TEXT,
        phone TEXT,
        name TEXT,
        created_at {at} NOT NULL,
        erased_at {at}
    )
"""


def upgrade() -> None:
    member = _MEMBER[op.get_bind().dialect.name]
    told = ", ".join(member.replace("{name}", name) for name in ("email", "phone", "name"))
    dialect.run(
        PAYERS,
        "INSERT INTO payers (id, merchant_id, test, email, phone, name, created_at)"
        f" SELECT id, merchant_id, test, {told}, created_at FROM payments"
        " WHERE customer_json <> '{}'",
        "ALTER TABLE payments ADD COLUMN payer_id {id} REFERENCES payers (id)",
        "UPDATE payments SET payer_id = id WHERE customer_json <> '{}'",
        "UPDATE payments SET fingerprint = NULL WHERE fingerprint IS NOT NULL",
        "ALTER TABLE payments DROP COLUMN customer_json",
        "CREATE INDEX payments_by_payer_id ON payments (payer_id) WHERE payer_id IS NOT NULL",
        "CREATE INDEX notifications_by_reference ON notifications (account_id, reference)"
        " WHERE body <> ''",
    )


def downgrade() -> None:
    told = _OBJECT[op.get_bind().dialect.name]
    dialect.run(
        "ALTER TABLE payments ADD COLUMN customer_json {json} NOT NULL DEFAULT '{}'",
        f"UPDATE payments SET customer_json = (SELECT {told} FROM payers"
        " WHERE payers.id = payments.payer_id) WHERE payer_id IS NOT NULL",
        "DROP INDEX notifications_by_reference",
        "DROP INDEX payments_by_payer_id",
        "ALTER TABLE payments DROP COLUMN payer_id",
    )
    dialect.drop("payers")
