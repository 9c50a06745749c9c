"""An index for accounts that nobody has confirmed: the loop deletes them after a month."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
additive = True


def upgrade() -> None:
    unconfirmed = sa.text("email_confirmed_at IS NULL")
    op.create_index(
        "ix_user_unconfirmed",
        "user",
        ["created_at"],
        unique=False,
        sqlite_where=unconfirmed,
        postgresql_where=unconfirmed,
    )


def downgrade() -> None:
    op.drop_index("ix_user_unconfirmed", table_name="user")
