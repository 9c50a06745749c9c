"""Consents as receipts, a changed address, the name of a browser, and withdrawals from contracts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("investor_id", sa.Integer(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["investor_id"], ["investor.id"], name="fk_consent_investor_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_investor_id", "consent", ["investor_id"])
    # The recipient and the language were not kept apart before; the text names the one and is in the other.
    op.execute(
        "INSERT INTO consent (investor_id, given_at, text, recipient, language)"
        " SELECT i.id, i.consented_at, i.consent_text, '', COALESCE(u.language, 'de')"
        ' FROM investor i JOIN "user" u ON u.id = i.user_id WHERE i.consent_text IS NOT NULL'
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("contract", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("declared_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_withdrawal_user_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
    )
    op.create_index("ix_withdrawal_user_id", "withdrawal", ["user_id"])
    with op.batch_alter_table("investor") as batch_op:
        batch_op.add_column(sa.Column("consent_withdrawn_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("email_changed_at", INSTANT, nullable=True))
        batch_op.drop_column("consent_text")
    op.create_index(
        "ix_investor_email_changed",
        "investor",
        ["email_changed_at"],
        sqlite_where=sa.text("email_changed_at IS NOT NULL"),
        postgresql_where=sa.text("email_changed_at IS NOT NULL"),
    )
    with op.batch_alter_table("user_session") as batch_op:
        batch_op.add_column(sa.Column("browser", sa.String(length=60), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("user_session") as batch_op:
        batch_op.drop_column("browser")
    op.drop_index("ix_investor_email_changed", table_name="investor")
    with op.batch_alter_table("investor") as batch_op:
        batch_op.add_column(sa.Column("consent_text", sa.Text(), nullable=True))
        batch_op.drop_column("email_changed_at")
        batch_op.drop_column("consent_withdrawn_at")
    op.execute(
        "UPDATE investor SET consent_text = (SELECT text FROM consent WHERE consent.investor_id = investor.id"
        " ORDER BY given_at DESC LIMIT 1)"
    )
    op.drop_table("withdrawal")
    op.drop_table("consent")
