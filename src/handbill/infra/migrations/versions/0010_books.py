"""The books: balances carried forward, and walls against the ways in which SQLite replaces a row
without deleting it (INSERT OR REPLACE, UPDATE OR REPLACE, also by the hidden rowid)."""

from __future__ import annotations

from alembic import op

from handbill.infra.migrations import dialect

revision = "0010"
down_revision = "0009"

CARRIED = """
    CREATE TABLE ledger_carried (
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        sequence BIGINT NOT NULL,
        posted_at {at} NOT NULL,
        account TEXT NOT NULL,
        currency TEXT NOT NULL,
        minor {minor} NOT NULL,
        PRIMARY KEY (merchant_id, test, sequence, account, currency)
    )
"""

# For books that are older than this table.
FILL = """
    INSERT INTO ledger_carried
        (merchant_id, test, sequence, posted_at, account, currency, minor)
    SELECT at.merchant_id, at.test, at.sequence, at.posted_at, p.account, p.currency,
           SUM(CASE p.side WHEN 'debit' THEN p.amount_minor ELSE -p.amount_minor END)
      FROM ledger_entries at
      JOIN ledger_entries e ON e.merchant_id = at.merchant_id AND e.test = at.test
       AND e.sequence <= at.sequence
      JOIN ledger_postings p ON p.entry_id = e.id
     WHERE at.sequence % 100 = 0
     GROUP BY at.merchant_id, at.test, at.sequence, at.posted_at, p.account, p.currency
"""

SQLITE = (
    """
    CREATE TRIGGER ledger_entries_replace BEFORE INSERT ON ledger_entries BEGIN
        SELECT RAISE(ABORT, 'ledger: an entry is never replaced') FROM ledger_entries
         WHERE rowid = NEW.rowid OR id = NEW.id
            OR (merchant_id = NEW.merchant_id AND test = NEW.test AND sequence = NEW.sequence)
            OR (reason = NEW.reason AND reference = NEW.reference);
    END
    """,
    """
    CREATE TRIGGER ledger_entries_place BEFORE UPDATE ON ledger_entries BEGIN
        SELECT RAISE(ABORT, 'ledger: an entry is never moved')
         WHERE NEW.rowid <> OLD.rowid OR NEW.sealed <> TRUE;
    END
    """,
    """
    CREATE TRIGGER ledger_postings_replace BEFORE INSERT ON ledger_postings BEGIN
        SELECT RAISE(ABORT, 'ledger: a posting is never replaced') FROM ledger_postings
         WHERE rowid = NEW.rowid OR (entry_id = NEW.entry_id AND line = NEW.line);
        SELECT RAISE(ABORT, 'ledger: an amount is a whole number')
         WHERE typeof(NEW.amount_minor) <> 'integer' OR typeof(NEW.line) <> 'integer';
    END
    """,
    """
    CREATE TRIGGER ledger_carried_replace BEFORE INSERT ON ledger_carried BEGIN
        SELECT RAISE(ABORT, 'ledger: a carried balance is never replaced') FROM ledger_carried
         WHERE merchant_id = NEW.merchant_id AND test = NEW.test AND sequence = NEW.sequence
           AND account = NEW.account AND currency = NEW.currency;
    END
    """,
    """
    CREATE TRIGGER ledger_carried_fix BEFORE UPDATE ON ledger_carried BEGIN
        SELECT RAISE(ABORT, 'ledger: a carried balance is never changed');
    END
    """,
    """
    CREATE TRIGGER ledger_carried_keep BEFORE DELETE ON ledger_carried BEGIN
        SELECT RAISE(ABORT, 'ledger: a carried balance is never deleted');
    END
    """,
)
SQLITE_DOWN = ("ledger_entries_replace", "ledger_entries_place", "ledger_postings_replace")

POSTGRES = (
    "CREATE TRIGGER ledger_carried_fix BEFORE UPDATE OR DELETE ON ledger_carried"
    " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER ledger_carried_whole BEFORE TRUNCATE ON ledger_carried"
    " EXECUTE FUNCTION ledger_refuse()",
)


def upgrade() -> None:
    on_sqlite = _is_sqlite()
    dialect.run(CARRIED + (" WITHOUT ROWID" if on_sqlite else ""))
    op.execute(FILL)
    for statement in SQLITE if on_sqlite else POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    if _is_sqlite():
        for trigger in SQLITE_DOWN:
            op.execute(f"DROP TRIGGER {trigger}")
    dialect.drop("ledger_carried")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
