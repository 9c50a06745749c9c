"""Which status a person has been mailed about, so that each is told once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    with op.batch_alter_table("investment") as batch_op:
        batch_op.add_column(sa.Column("told_status", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("investment") as batch_op:
        batch_op.drop_column("told_status")
