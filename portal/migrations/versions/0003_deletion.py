"""The wish to have an account deleted: it may have to wait for the answer to a call."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("deletion_asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_user_deletion",
            ["deletion_asked_at"],
            unique=False,
            sqlite_where=sa.text("deletion_asked_at IS NOT NULL"),
            postgresql_where=sa.text("deletion_asked_at IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_index("ix_user_deletion")
        batch_op.drop_column("deletion_asked_at")
