"""Indexes for what waits: imports that the loop looks for, and parked rows that metrics count."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    op.create_index(
        "ix_intent_parked",
        "intent",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("result = 'parked'"),
        postgresql_where=sa.text("result = 'parked'"),
    )
    op.create_index(
        "ix_investor_importing",
        "investor",
        ["consented_at"],
        unique=False,
        sqlite_where=sa.text("imported_at IS NULL"),
        postgresql_where=sa.text("imported_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_investor_importing", table_name="investor")
    op.drop_index("ix_intent_parked", table_name="intent")
