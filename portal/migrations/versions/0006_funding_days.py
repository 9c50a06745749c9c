"""What Cashlink said about the funding, a row a day and campaign: its answer knows no past."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    op.create_table(
        "funding_day",
        sa.Column("campaign", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("subscriptions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "day", name=op.f("pk_funding_day")),
    )


def downgrade() -> None:
    op.drop_table("funding_day")
