"""An index for what waits for a person: metrics count it every few seconds, and the table grows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
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


def downgrade() -> None:
    op.drop_index("ix_intent_parked", table_name="intent")
