"""Limited attempts: sign-ins and mails are counted in a table that all processes share."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt") as batch_op:
        batch_op.create_index("ix_attempt_key_hash_at", ["key_hash", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("attempt")
