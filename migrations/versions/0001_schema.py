"""The first schema: every table of the house, its guards, its search index, its first rows."""

import sqlalchemy as sa
from alembic import op

import commissions.schema
from commissions import guards
from commissions.schema import Json
from shop import schema
from shop.search import table as search

revision = "0001_schema"
down_revision = None
branch_labels = None
depends_on = None

INSERT_ONLY = (
    "audit_entry",
    "case_proposal",
    "commission_award",
    "commission_block",
    "commission_case",
    "commission_counted",
    "commission_decision",
    "commission_entry",
    "commission_fact",
    "commission_payout_approval",
    "commission_payout_attempt",
    "commission_payout_batch",
    "commission_payout_batch_item",
    "commission_payout_run",
    "commission_payout_skipped",
    "commission_plan_version",
    "commission_posting",
    "commission_release",
    "commission_rule",
    "commission_sale",
    "commission_sale_line",
    "commission_statement",
    "commission_statement_line",
    "line_attribution",
    "lost_attribution",
    "order_event",
    "payee_tax",
    "payment_event",
    "payout_paper",
    "payout_reconciliation",
    "self_billing",
    "statement_document",
    "stock_movement",
    "tax_record",
    "touch",
)


def upgrade() -> None:
    op.create_table(
        "abuse_setting",
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("numbers", Json, nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.Column("changed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "action IN ('off', 'flag', 'hold', 'reject')", name=op.f("ck_abuse_setting_action")
        ),
        sa.PrimaryKeyConstraint("rule", "group_key", name=op.f("pk_abuse_setting")),
        sqlite_strict=True,
    )
    op.create_table(
        "account",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=False),
        sa.Column("totp_last_step", commissions.schema.Id(), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "phone IS NOT NULL OR email IS NOT NULL", name=op.f("ck_account_has_a_contact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("phone", name=op.f("uq_account_phone")),
        sqlite_strict=True,
    )
    op.create_table(
        "attempt_count",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("window_start", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_attempt_count")),
        sqlite_strict=True,
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("thing_kind", sa.Text(), nullable=False),
        sa.Column("thing_key", sa.Text(), nullable=False),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_by_id"), ["by", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_audit_entry_thing_kind_thing_key_id"),
            ["thing_kind", "thing_key", "id"],
            unique=False,
        )

    op.create_table(
        "brand",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("legal_name", Json, nullable=False),
        sa.Column("strapline", Json, nullable=False),
        sa.Column("service_phone", sa.String(length=40), nullable=False),
        sa.Column("service_email", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("return_days", sa.Integer(), nullable=False),
        sa.Column("pickup_days", sa.Integer(), nullable=False),
        sa.Column("payment_methods", Json, nullable=False),
        sa.Column("receipt_email", sa.String(length=200), nullable=False),
        sa.Column("pages", Json, nullable=False),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sqlite_strict=True,
    )
    op.create_table(
        "category",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("parent_id", commissions.schema.Id(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["category.id"], name=op.f("fk_category_parent_id_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slug")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_category_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "commission_balance",
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("earned_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("expected_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("reserve_amount", commissions.schema.Amount(), nullable=False),
        sa.PrimaryKeyConstraint("payee_key", "currency", name=op.f("pk_commission_balance")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_block",
        sa.Column("number", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("first_id", commissions.schema.Id(), nullable=False),
        sa.Column("last_id", commissions.schema.Id(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sums", Json, nullable=False),
        sa.Column("house_totals", Json, nullable=False),
        sa.Column("sealed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_commission_block")),
        sa.UniqueConstraint("last_id", name=op.f("uq_commission_block_last_id")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_commission_block_previous_hash")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_fact",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("sale_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_fact")),
        sa.UniqueConstraint(
            "sale_key", "kind", "key", name=op.f("uq_commission_fact_sale_key_kind_key")
        ),
        sa.UniqueConstraint("sale_key", "seq", name=op.f("uq_commission_fact_sale_key_seq")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_payout_batch",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("item_count", sa.BigInteger(), nullable=False),
        sa.Column("total_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout_batch")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_payout_halt",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("halted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_commission_payout_halt_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout_halt")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_payout_run",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout_run")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_plan",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan")),
        sa.UniqueConstraint("key", name=op.f("uq_commission_plan_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_posting",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("entry_id", commissions.schema.Id(), nullable=True),
        sa.Column("payout_id", commissions.schema.Id(), nullable=True),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            commissions.schema.UtcDateTime(timezone=True),
            server_default=sa.text("(CURRENT_TIMESTAMP)"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "amount BETWEEN 1 AND 1000000000000000", name=op.f("ck_commission_posting_amount")
        ),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_commission_posting_two_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_posting")),
        sa.UniqueConstraint("key", name=op.f("uq_commission_posting_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_sale",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("customer_key", sa.Text(), nullable=False),
        sa.Column("new_customer", sa.Boolean(), nullable=False),
        sa.Column("placed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("paid_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("part_of_id", commissions.schema.Id(), nullable=True),
        sa.Column("replaces_line_key", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "part_of_id IS NULL OR part_of_id <> id",
            name=op.f("ck_commission_sale_part_of_another"),
        ),
        sa.ForeignKeyConstraint(
            ["part_of_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_sale_part_of_id_commission_sale"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_sale")),
        sa.UniqueConstraint("key", name=op.f("uq_commission_sale_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_sale", schema=None) as batch_op:
        batch_op.create_index(
            "ix_commission_sale_part_of_id",
            ["part_of_id"],
            unique=False,
            sqlite_where=sa.text("part_of_id IS NOT NULL"),
            postgresql_where=sa.text("part_of_id IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_commission_sale_placed_at"), ["placed_at"], unique=False
        )

    op.create_table(
        "commission_sale_head",
        sa.Column("sale_key", sa.Text(), nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=True),
        sa.Column("fact_count", sa.BigInteger(), nullable=False),
        sa.Column("version_id", commissions.schema.Id(), nullable=True),
        sa.Column("credited_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sale_key", name=op.f("pk_commission_sale_head")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_sale_head", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_sale_head_sale_id"), ["sale_id"], unique=False
        )
        batch_op.create_index(
            "ix_commission_sale_head_uncredited",
            ["sale_id"],
            unique=False,
            sqlite_where=sa.text("credited_at IS NULL"),
            postgresql_where=sa.text("credited_at IS NULL"),
        )

    op.create_table(
        "commission_statement",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("original_id", commissions.schema.Id(), nullable=False),
        sa.Column("previous_id", commissions.schema.Id(), nullable=True),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("period_start", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("period_end", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("opening_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("earned_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("reversed_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("held_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("released_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("paid_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("fee_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("withheld_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("closing_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.Text(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(copy = 1) = (original_id = id)", name=op.f("ck_commission_statement_original")
        ),
        sa.CheckConstraint(
            "closing_amount = opening_amount + earned_amount - reversed_amount - held_amount + released_amount - paid_amount - fee_amount - withheld_amount",
            name=op.f("ck_commission_statement_sum"),
        ),
        sa.CheckConstraint(
            "period_start < period_end", name=op.f("ck_commission_statement_period")
        ),
        sa.ForeignKeyConstraint(
            ["original_id"],
            ["commission_statement.id"],
            name=op.f("fk_commission_statement_original_id_commission_statement"),
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["commission_statement.id"],
            name=op.f("fk_commission_statement_previous_id_commission_statement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_statement")),
        sa.UniqueConstraint(
            "payee_key",
            "currency",
            "period_start",
            "copy",
            name=op.f("uq_commission_statement_payee_key_currency_period_start_copy"),
        ),
        sa.UniqueConstraint("series", "number", name=op.f("uq_commission_statement_series_number")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_statement", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_statement_payee_key_id"), ["payee_key", "id"], unique=False
        )
        batch_op.create_index(
            "uq_commission_statement_previous",
            ["previous_id"],
            unique=True,
            sqlite_where=sa.text("copy = 1 AND previous_id IS NOT NULL"),
            postgresql_where=sa.text("copy = 1 AND previous_id IS NOT NULL"),
        )

    op.create_table(
        "commission_statement_series",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_commission_statement_series")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_trial_block",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("first_sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("last_sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("sale_count", sa.BigInteger(), nullable=False),
        sa.Column("fact_count", sa.BigInteger(), nullable=False),
        sa.Column("credited_count", sa.BigInteger(), nullable=False),
        sa.Column("names", Json, nullable=False),
        sa.Column("columns", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "first_sale_id <= last_sale_id", name=op.f("ck_commission_trial_block_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_trial_block")),
        sa.UniqueConstraint(
            "plan_key",
            "first_sale_id",
            name=op.f("uq_commission_trial_block_plan_key_first_sale_id"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "finance_alert",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("subject_id", commissions.schema.Id(), nullable=False),
        sa.Column("raised_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finance_alert")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("finance_alert", schema=None) as batch_op:
        batch_op.create_index(
            "uq_finance_alert_open",
            ["code", "subject_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "import_job",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("total_count", sa.Integer(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
        sqlite_strict=True,
    )
    op.create_table(
        "inbox_event",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("received_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("handled_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_event")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_inbox_event_provider_event_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.create_index("ix_inbox_event_status", ["status", "id"], unique=False)

    op.create_table(
        "legal_profile",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("ceiling_bps", sa.Integer(), nullable=False),
        sa.Column("warning_bps", sa.Integer(), nullable=False),
        sa.Column("upline_allowed", sa.Boolean(), nullable=False),
        sa.Column("upline_reason", sa.String(length=500), nullable=False),
        sa.Column("upline_service", sa.String(length=500), nullable=False),
        sa.Column("requires", Json, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("effective_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String(length=80), nullable=True),
        sa.Column("agreed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "NOT upline_allowed OR (upline_reason <> '' AND upline_service <> '')",
            name=op.f("ck_legal_profile_upline_has_reason"),
        ),
        sa.CheckConstraint(
            "agreed_by IS NULL OR agreed_by <> proposed_by", name=op.f("ck_legal_profile_four_eyes")
        ),
        sa.CheckConstraint(
            "warning_bps >= 0 AND ceiling_bps >= warning_bps AND ceiling_bps <= 10000",
            name=op.f("ck_legal_profile_ceiling"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_profile")),
        sa.UniqueConstraint("key", "number", name=op.f("uq_legal_profile_key_number")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("legal_profile", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_legal_profile_effective_from_id"), ["effective_from", "id"], unique=False
        )

    op.create_table(
        "mailbox_message",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailbox_message")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("mailbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_mailbox_recipient", ["recipient", "id"], unique=False)

    op.create_table(
        "network_import",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_key", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("total_count", sa.Integer(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network_import")),
        sqlite_strict=True,
    )
    op.create_table(
        "node_lease",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("leased_until", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_lease")),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox_job",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dead_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_job")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outbox_job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_job_open",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.create_index(
            "uq_outbox_job_key_open",
            ["key"],
            unique=True,
            sqlite_where=sa.text('"key" IS NOT NULL AND done_at IS NULL AND dead_at IS NULL'),
            postgresql_where=sa.text('"key" IS NOT NULL AND done_at IS NULL AND dead_at IS NULL'),
        )

    op.create_table(
        "payer_account",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("currency", name=op.f("pk_payer_account")),
        sqlite_strict=True,
    )
    op.create_table(
        "payout_marker",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("installation", sa.String(length=60), nullable=False),
        sa.Column("count", commissions.schema.Id(), nullable=False),
        sa.Column("token", sa.String(length=60), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("restored_to", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("blocked_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(restored_to IS NULL) = (blocked_at IS NULL)", name=op.f("ck_payout_marker_block")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_payout_marker_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_marker")),
        sqlite_strict=True,
    )
    op.create_table(
        "payout_reconciliation",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("since", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("transfer_count", sa.Integer(), nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_reconciliation")),
        sqlite_strict=True,
    )
    op.create_table(
        "payout_terms",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("rail", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minimum_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("fee_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("fee_bps", sa.Integer(), nullable=False),
        sa.Column("second_from_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String(length=80), nullable=True),
        sa.Column("agreed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "agreed_by IS NULL OR agreed_by <> proposed_by", name=op.f("ck_payout_terms_four_eyes")
        ),
        sa.CheckConstraint(
            "minimum_amount >= 1 AND fee_amount >= 0 AND fee_bps BETWEEN 0 AND 10000 AND (second_from_amount IS NULL OR second_from_amount >= 1)",
            name=op.f("ck_payout_terms_amounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_terms")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payout_terms", schema=None) as batch_op:
        batch_op.create_index(
            "uq_payout_terms_current",
            ["rail", "currency"],
            unique=True,
            sqlite_where=sa.text("agreed_at IS NOT NULL AND replaced_at IS NULL"),
            postgresql_where=sa.text("agreed_at IS NOT NULL AND replaced_at IS NULL"),
        )

    op.create_table(
        "payout_work",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("run_id", commissions.schema.Id(), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("total_count", sa.Integer(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("asked_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_work")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payout_work", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payout_work_run_id"), ["run_id"], unique=False)
        batch_op.create_index(
            "uq_payout_work_open",
            ["run_id", "step"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )

    op.create_table(
        "scheduled_run",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("due_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_scheduled_run")),
        sqlite_strict=True,
    )
    op.create_table(
        "second_consent",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("subject_id", commissions.schema.Id(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status NOT IN ('agreed', 'refused') OR decided_by <> asked_by",
            name=op.f("ck_second_consent_four_eyes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_consent")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("second_consent", schema=None) as batch_op:
        batch_op.create_index(
            "uq_second_consent_open",
            ["act", "subject_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "shipping_rate",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=True),
        sa.Column("free_over_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("days_min", sa.Integer(), nullable=False),
        sa.Column("days_max", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount IS NULL OR amount >= 0", name=op.f("ck_shipping_rate_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_rate")),
        sa.UniqueConstraint("region", name=op.f("uq_shipping_rate_region")),
        sqlite_strict=True,
    )
    op.create_table(
        "sign_in_code",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_code_contact", ["contact", "purpose", "id"], unique=False)

    op.create_table(
        "tax_class",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tax_class")),
        sqlite_strict=True,
    )
    op.create_table(
        "withholding_table",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("valid_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String(length=80), nullable=True),
        sa.Column("agreed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "agreed_by IS NULL OR agreed_by <> proposed_by",
            name=op.f("ck_withholding_table_four_eyes"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withholding_table")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("withholding_table", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_withholding_table_key_valid_from"), ["key", "valid_from"], unique=False
        )

    op.create_table(
        "account_device",
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_device_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "hash", name=op.f("pk_account_device")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("account_device", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_device_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index("ix_account_device_hash", ["hash"], unique=False)

    op.create_table(
        "account_preference",
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_preference_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_account_preference")),
        sqlite_strict=True,
    )
    op.create_table(
        "cart",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("account_id", commissions.schema.Id(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("completing_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("visitor", sa.String(length=40), nullable=False),
        sa.Column("contact", Json, nullable=False),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_cart_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
        sa.UniqueConstraint("token", name=op.f("uq_cart_token")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("cart", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cart_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_cart_reap", ["status", "updated_at"], unique=False)

    op.create_table(
        "commission_payout",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("run_id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("net_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("fee_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("withheld_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=False),
        sa.Column("destination_label", sa.Text(), nullable=False),
        sa.Column("destination_hash", sa.Text(), nullable=False),
        sa.Column("destination_sealed", sa.Text(), nullable=False),
        sa.Column(
            "destination_ready_at", commissions.schema.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column("items_hash", sa.Text(), nullable=False),
        sa.Column("terms_hash", sa.Text(), nullable=False),
        sa.Column("approvals_needed", sa.BigInteger(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column(
            "epoch_first_sent_at", commissions.schema.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("last_sent_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_answer", sa.Text(), nullable=True),
        sa.Column("absent_seen_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "absent_confirmed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("lease_owner", sa.Text(), nullable=False),
        sa.Column("lease_until", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("transfer_ref", sa.Text(), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("approved_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_hash", sa.Text(), nullable=True),
        sa.Column("sent_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("returned_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("accepted_amount", commissions.schema.Amount(), nullable=False),
        sa.CheckConstraint(
            "amount BETWEEN 1 AND 1000000000000000", name=op.f("ck_commission_payout_amount")
        ),
        sa.CheckConstraint(
            "approvals_needed BETWEEN 1 AND 2", name=op.f("ck_commission_payout_approvals_needed")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> created_by",
            name=op.f("ck_commission_payout_four_eyes"),
        ),
        sa.CheckConstraint(
            "net_amount > 0 AND fee_amount >= 0 AND withheld_amount >= 0 AND net_amount + fee_amount + withheld_amount = amount",
            name=op.f("ck_commission_payout_net"),
        ),
        sa.CheckConstraint(
            "returned_amount >= 0 AND accepted_amount >= 0 AND returned_amount + accepted_amount <= net_amount",
            name=op.f("ck_commission_payout_came_back"),
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["commission_payout_run.id"],
            name=op.f("fk_commission_payout_run_id_commission_payout_run"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout")),
        sa.UniqueConstraint("group_key", name=op.f("uq_commission_payout_group_key")),
        sa.UniqueConstraint(
            "run_id",
            "payee_key",
            "currency",
            name=op.f("uq_commission_payout_run_id_payee_key_currency"),
        ),
        sa.UniqueConstraint("transfer_ref", name=op.f("uq_commission_payout_transfer_ref")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_payout", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_payout_destination_hash_created_at"),
            ["destination_hash", "created_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_commission_payout_payee_key_id"), ["payee_key", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_commission_payout_status_id"), ["status", "id"], unique=False
        )

    op.create_table(
        "commission_payout_skipped",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("run_id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("available_amount", commissions.schema.Amount(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["commission_payout_run.id"],
            name=op.f("fk_commission_payout_skipped_run_id_commission_payout_run"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout_skipped")),
        sa.UniqueConstraint(
            "run_id",
            "payee_key",
            "currency",
            name=op.f("uq_commission_payout_skipped_run_id_payee_key_currency"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_plan_draft",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("plan_id", commissions.schema.Id(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("terms", Json, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["commission_plan.id"],
            name=op.f("fk_commission_plan_draft_plan_id_commission_plan"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan_draft")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_plan_draft", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_plan_draft_plan_id_id"), ["plan_id", "id"], unique=False
        )

    op.create_table(
        "commission_sale_line",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("list_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("discount_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("tax_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("cost_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("product_key", sa.Text(), nullable=False),
        sa.Column("variant_key", sa.Text(), nullable=False),
        sa.Column("category_keys", Json, nullable=False),
        sa.Column("collection_keys", Json, nullable=False),
        sa.Column("commissionable", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("seller_point_key", sa.Text(), nullable=False),
        sa.Column("seller", Json, nullable=True),
        sa.Column("upline", Json, nullable=True),
        sa.Column("losers", Json, nullable=False),
        sa.CheckConstraint("base_amount >= 0", name=op.f("ck_commission_sale_line_base")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_commission_sale_line_quantity")),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_sale_line_sale_id_commission_sale"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_sale_line")),
        sa.UniqueConstraint("sale_id", "key", name=op.f("uq_commission_sale_line_sale_id_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_sale_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_sale_line_seller_point_key_sale_id"),
            ["seller_point_key", "sale_id"],
            unique=False,
        )

    op.create_table(
        "import_row",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("job_id", commissions.schema.Id(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("problems", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["import_job.id"], name=op.f("fk_import_row_job_id_import_job")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_row_job_id"), ["job_id"], unique=False)

    op.create_table(
        "order",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("cart_id", commissions.schema.Id(), nullable=True),
        sa.Column("account_id", commissions.schema.Id(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("payment_status", sa.String(length=20), nullable=False),
        sa.Column("fulfillment_status", sa.String(length=20), nullable=False),
        sa.Column("dispute_status", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("lines_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("shipping_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("shipping_tax_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("tax_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("total_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("captured_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("refunded_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("granted_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("territory", sa.String(length=20), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("picks_up", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("end_reason", sa.String(length=40), nullable=False),
        sa.Column("payer_hash", sa.String(length=64), nullable=False),
        sa.Column("device_hash", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=40), nullable=False),
        sa.Column("submitted_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("placed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("archived_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("refunded_amount >= 0", name=op.f("ck_order_refunded")),
        sa.CheckConstraint("total_amount >= 0", name=op.f("ck_order_total")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_order_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("cart_id", name=op.f("uq_order_cart_id")),
        sa.UniqueConstraint("number", name=op.f("uq_order_number")),
        sa.UniqueConstraint("token", name=op.f("uq_order_token")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_order_list", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_order_open",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index(
            "ix_order_task",
            ["task"],
            unique=False,
            sqlite_where=sa.text("task != ''"),
            postgresql_where=sa.text("task != ''"),
        )

    op.create_table(
        "payee",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("account_id", commissions.schema.Id(), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_payee_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payee_account_id"), ["account_id"], unique=False)

    op.create_table(
        "payout_work_item",
        sa.Column("work_id", commissions.schema.Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.String(length=80), nullable=False),
        sa.Column("refused", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"], ["payout_work.id"], name=op.f("fk_payout_work_item_work_id_payout_work")
        ),
        sa.PrimaryKeyConstraint("work_id", "position", name=op.f("pk_payout_work_item")),
        sqlite_strict=True,
    )
    op.create_table(
        "product",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("summary", Json, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("vendor", sa.String(length=200), nullable=False),
        sa.Column("product_type", sa.String(length=200), nullable=False),
        sa.Column("category_id", commissions.schema.Id(), nullable=True),
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("published_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("option_names", Json, nullable=False),
        sa.Column("tags", Json, nullable=False),
        sa.Column("seo", Json, nullable=False),
        sa.Column("extra", Json, nullable=False),
        sa.Column("commissionable", sa.Boolean(), nullable=False),
        sa.Column("image_key", sa.String(length=120), nullable=False),
        sa.Column("from_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("compare_at_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("sellable", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_product_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["tax_class"], ["tax_class.code"], name=op.f("fk_product_tax_class_tax_class")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("slug", name=op.f("uq_product_slug")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(
            "ix_product_category", ["category_id", "status", "position", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_product_category_id"), ["category_id"], unique=False)
        batch_op.create_index("ix_product_list", ["status", "position", "id"], unique=False)

    op.create_table(
        "staff_membership",
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("granted_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_staff_membership_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_staff_membership")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("staff_membership", schema=None) as batch_op:
        batch_op.create_index(
            "uq_staff_membership_four_eyes",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("role IN ('finance_maker', 'finance_checker')"),
            postgresql_where=sa.text("role IN ('finance_maker', 'finance_checker')"),
        )

    op.create_table(
        "statement_document",
        sa.Column("statement_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["commission_statement.id"],
            name=op.f("fk_statement_document_statement_id_commission_statement"),
        ),
        sa.PrimaryKeyConstraint(
            "statement_id", "kind", "locale", name=op.f("pk_statement_document")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "tax_rate",
        sa.Column("tax_class", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("rate_bps", sa.Integer(), nullable=False),
        sa.CheckConstraint("rate_bps BETWEEN 0 AND 10000", name=op.f("ck_tax_rate_a_rate")),
        sa.ForeignKeyConstraint(
            ["tax_class"], ["tax_class.code"], name=op.f("fk_tax_rate_tax_class_tax_class")
        ),
        sa.PrimaryKeyConstraint("tax_class", "region", name=op.f("pk_tax_rate")),
        sqlite_strict=True,
    )
    op.create_table(
        "abuse_allowed_pair",
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("other_id", commissions.schema.Id(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("payee_id < other_id", name=op.f("ck_abuse_allowed_pair_ordered")),
        sa.ForeignKeyConstraint(
            ["other_id"], ["payee.id"], name=op.f("fk_abuse_allowed_pair_other_id_payee")
        ),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_abuse_allowed_pair_payee_id_payee")
        ),
        sa.PrimaryKeyConstraint("payee_id", "other_id", name=op.f("pk_abuse_allowed_pair")),
        sqlite_strict=True,
    )
    op.create_table(
        "cart_line",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("cart_id", commissions.schema.Id(), nullable=False),
        sa.Column("variant_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("pickup_location_id", commissions.schema.Id(), nullable=True),
        sa.Column("touch_id", commissions.schema.Id(), nullable=True),
        sa.Column("added_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_line_quantity")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_cart_line_cart_id_cart")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_line")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("cart_line", schema=None) as batch_op:
        batch_op.create_index("ix_cart_line_cart", ["cart_id"], unique=False)
        batch_op.create_index(
            "uq_cart_line_brand",
            ["cart_id", "variant_id"],
            unique=True,
            sqlite_where=sa.text("point_id IS NULL"),
            postgresql_where=sa.text("point_id IS NULL"),
        )
        batch_op.create_index(
            "uq_cart_line_point",
            ["cart_id", "variant_id", "point_id"],
            unique=True,
            sqlite_where=sa.text("point_id IS NOT NULL"),
            postgresql_where=sa.text("point_id IS NOT NULL"),
        )

    op.create_table(
        "commission_payout_approval",
        sa.Column("payout_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("terms_hash", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("by <> maker", name=op.f("ck_commission_payout_approval_four_eyes")),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_payout_approval_payout_id_commission_payout"),
        ),
        sa.PrimaryKeyConstraint("payout_id", "by", name=op.f("pk_commission_payout_approval")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_payout_attempt",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("payout_id", commissions.schema.Id(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_payout_attempt_payout_id_commission_payout"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_payout_attempt")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_payout_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_payout_attempt_payout_id_id"),
            ["payout_id", "id"],
            unique=False,
        )

    op.create_table(
        "commission_payout_batch_item",
        sa.Column("batch_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("payout_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("terms_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["commission_payout_batch.id"],
            name=op.f("fk_commission_payout_batch_item_batch_id_commission_payout_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_payout_batch_item_payout_id_commission_payout"),
        ),
        sa.PrimaryKeyConstraint(
            "batch_id", "payout_id", name=op.f("pk_commission_payout_batch_item")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_payout_batch_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_payout_batch_item_payout_id"), ["payout_id"], unique=False
        )

    op.create_table(
        "commission_plan_version",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("plan_id", commissions.schema.Id(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("effective_to", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ceiling_bps", sa.BigInteger(), nullable=False),
        sa.Column("same_point", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("promises", Json, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("draft_id", commissions.schema.Id(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("published_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.CheckConstraint("author <> approver", name=op.f("ck_commission_plan_version_four_eyes")),
        sa.CheckConstraint(
            "ceiling_bps BETWEEN 0 AND 10000", name=op.f("ck_commission_plan_version_ceiling")
        ),
        sa.CheckConstraint(
            "effective_to IS NULL OR effective_to > effective_from",
            name=op.f("ck_commission_plan_version_period"),
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["commission_plan_draft.id"],
            name=op.f("fk_commission_plan_version_draft_id_commission_plan_draft"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["commission_plan.id"],
            name=op.f("fk_commission_plan_version_plan_id_commission_plan"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plan_version")),
        sa.UniqueConstraint(
            "plan_id", "number", name=op.f("uq_commission_plan_version_plan_id_number")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_plan_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_plan_version_plan_id_effective_from"),
            ["plan_id", "effective_from"],
            unique=False,
        )

    op.create_table(
        "connect_account",
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("account_id", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("can_receive", sa.Boolean(), nullable=False),
        sa.Column("pays_out", sa.Boolean(), nullable=False),
        sa.Column("due", Json, nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("checked_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_connect_account_payee_id_payee")
        ),
        sa.PrimaryKeyConstraint("payee_id", name=op.f("pk_connect_account")),
        sa.UniqueConstraint("account_id", name=op.f("uq_connect_account_account_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "media",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("product_id", commissions.schema.Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", Json, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("sizes", Json, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_media_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_media_product_id"), ["product_id"], unique=False)

    op.create_table(
        "order_contact",
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("province", sa.String(length=40), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("division_code", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("erased_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_contact_order_id_order")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_contact")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("order_contact", schema=None) as batch_op:
        batch_op.create_index("ix_order_contact_email", ["email"], unique=False)
        batch_op.create_index("ix_order_contact_phone", ["phone"], unique=False)

    op.create_table(
        "order_event",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("values", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_event_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_event")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("order_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_event_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_line",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", commissions.schema.Id(), nullable=False),
        sa.Column("variant_id", commissions.schema.Id(), nullable=False),
        sa.Column("category_ids", Json, nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("sku", sa.String(length=120), nullable=False),
        sa.Column("image_key", sa.String(length=120), nullable=False),
        sa.Column("commissionable", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("discount_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("tax_rate_bps", sa.Integer(), nullable=False),
        sa.Column("tax_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("cost_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("location_id", commissions.schema.Id(), nullable=True),
        sa.Column("stock_level_id", commissions.schema.Id(), nullable=True),
        sa.Column("goods_owner", sa.String(length=40), nullable=False),
        sa.Column("seller_of_record", sa.String(length=40), nullable=False),
        sa.Column("fulfilled_count", sa.Integer(), nullable=False),
        sa.Column("delivered_count", sa.Integer(), nullable=False),
        sa.Column("canceled_count", sa.Integer(), nullable=False),
        sa.Column("refunded_count", sa.Integer(), nullable=False),
        sa.Column("refunded_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("refunded_base_amount", commissions.schema.Amount(), nullable=False),
        sa.CheckConstraint(
            "delivered_count <= fulfilled_count", name=op.f("ck_order_line_delivered")
        ),
        sa.CheckConstraint(
            "fulfilled_count + canceled_count <= quantity", name=op.f("ck_order_line_fulfilled")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_line_quantity")),
        sa.CheckConstraint(
            "refunded_base_amount BETWEEN 0 AND base_amount",
            name=op.f("ck_order_line_refunded_base"),
        ),
        sa.CheckConstraint(
            "refunded_count BETWEEN 0 AND quantity", name=op.f("ck_order_line_refunded_units")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_order_line_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_line_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_line_point_id"), ["point_id"], unique=False)

    op.create_table(
        "payee_destination",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("rail", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("usable_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_payee_destination_payee_id_payee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_destination")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payee_destination", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payee_destination_payee_id"), ["payee_id"], unique=False
        )

    op.create_table(
        "payee_tax",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("tax_id_sealed", sa.Text(), nullable=False),
        sa.Column("tax_id_label", sa.String(length=40), nullable=False),
        sa.Column("vat_code", sa.String(length=20), nullable=False),
        sa.Column("vat_bps", sa.Integer(), nullable=False),
        sa.Column("self_billing", sa.Boolean(), nullable=False),
        sa.Column("table_key", sa.String(length=40), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_payee_tax_payee_id_payee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_tax")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payee_tax", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payee_tax_payee_id"), ["payee_id"], unique=False)

    op.create_table(
        "payee_tax_change",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("usable_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "status <> 'accepted' OR decided_by <> asked_by",
            name=op.f("ck_payee_tax_change_four_eyes"),
        ),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_payee_tax_change_payee_id_payee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee_tax_change")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("payee_tax_change", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payee_tax_change_payee_id_id"), ["payee_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_payee_tax_change_open",
            ["payee_id"],
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "payment",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("captured_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("refunded_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("session_id", sa.String(length=120), nullable=True),
        sa.Column("intent_id", sa.String(length=120), nullable=True),
        sa.Column("charge_id", sa.String(length=120), nullable=True),
        sa.Column("method_type", sa.String(length=30), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("captured_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("captured_amount >= 0", name=op.f("ck_payment_captured")),
        sa.CheckConstraint(
            "refunded_amount BETWEEN 0 AND captured_amount", name=op.f("ck_payment_refunded")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payment_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_payment_charge_id")),
        sa.UniqueConstraint("intent_id", name=op.f("uq_payment_intent_id")),
        sa.UniqueConstraint("order_id", "attempt", name=op.f("uq_payment_order_id_attempt")),
        sa.UniqueConstraint("session_id", name=op.f("uq_payment_session_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "payout_paper",
        sa.Column("payout_id", commissions.schema.Id(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_payout_paper_payout_id_commission_payout"),
        ),
        sa.PrimaryKeyConstraint("payout_id", "locale", name=op.f("pk_payout_paper")),
        sqlite_strict=True,
    )
    op.create_table(
        "point",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("external_key", sa.String(length=80), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=True),
        sa.Column("manager_id", commissions.schema.Id(), nullable=True),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("territory", sa.String(length=20), nullable=False),
        sa.Column("province", sa.String(length=40), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("contact_phone", sa.String(length=20), nullable=False),
        sa.Column("contact_email", sa.String(length=254), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("activated_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["point.id"], name=op.f("fk_point_manager_id_point")
        ),
        sa.ForeignKeyConstraint(["payee_id"], ["payee.id"], name=op.f("fk_point_payee_id_payee")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point")),
        sa.UniqueConstraint("external_key", name=op.f("uq_point_external_key")),
        sa.UniqueConstraint("path", name=op.f("uq_point_path")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_payee_id"), ["payee_id"], unique=False)
        batch_op.create_index("ix_point_status_name", ["status", "name", "id"], unique=False)

    op.create_table(
        "tax_record",
        sa.Column("payout_id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("table_id", commissions.schema.Id(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_year", sa.Integer(), nullable=False),
        sa.Column("tax_month", sa.Integer(), nullable=False),
        sa.Column("gross_before", commissions.schema.Amount(), nullable=False),
        sa.Column("withheld_before", commissions.schema.Amount(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("gross_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("taxable_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("withheld_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_tax_record_payee_id_payee")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_tax_record_payout_id_commission_payout"),
        ),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["withholding_table.id"],
            name=op.f("fk_tax_record_table_id_withholding_table"),
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_tax_record")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("tax_record", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tax_record_payee_id_tax_year"), ["payee_id", "tax_year"], unique=False
        )

    op.create_table(
        "abuse_signal",
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_abuse_signal_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_abuse_signal_point_id_point")
        ),
        sa.PrimaryKeyConstraint("order_id", "point_id", "kind", name=op.f("pk_abuse_signal")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("abuse_signal", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_abuse_signal_expires_at"), ["expires_at"], unique=False
        )
        batch_op.create_index("ix_abuse_signal_seen", ["point_id", "kind", "hash"], unique=False)

    op.create_table(
        "application",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("applied_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_application_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_application_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("point_id", name=op.f("uq_application_point_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_rule",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("version_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("bps", sa.BigInteger(), nullable=False),
        sa.Column("fixed", Json, nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("floor", Json, nullable=False),
        sa.Column("cap", Json, nullable=False),
        sa.Column("order_cap", Json, nullable=False),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("tiers", Json, nullable=False),
        sa.Column("tier_mode", sa.Text(), nullable=True),
        sa.Column("period_cap", Json, nullable=False),
        sa.Column("target", Json, nullable=False),
        sa.Column("campaign_from", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("campaign_until", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "basis <> 'seller' OR role = 'upline'", name=op.f("ck_commission_rule_part_of_seller")
        ),
        sa.CheckConstraint(
            "role <> 'bonus' OR period IS NOT NULL",
            name=op.f("ck_commission_rule_bonus_has_period"),
        ),
        sa.CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline', 'bonus')",
            name=op.f("ck_commission_rule_role"),
        ),
        sa.CheckConstraint(
            "tier_mode IS NULL OR role = 'seller'",
            name=op.f("ck_commission_rule_bands_on_own_sales"),
        ),
        sa.CheckConstraint("bps BETWEEN 0 AND 10000", name=op.f("ck_commission_rule_bps")),
        sa.CheckConstraint("hold_days >= 0", name=op.f("ck_commission_rule_hold_days")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["commission_plan_version.id"],
            name=op.f("fk_commission_rule_version_id_commission_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_rule")),
        sa.UniqueConstraint(
            "version_id",
            "role",
            "position",
            name=op.f("uq_commission_rule_version_id_role_position"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_trial",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("draft_id", commissions.schema.Id(), nullable=True),
        sa.Column("version_id", commissions.schema.Id(), nullable=True),
        sa.Column("terms", Json, nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("placed_from", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("placed_until", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("after_sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("done_sales", sa.BigInteger(), nullable=False),
        sa.Column("total_sales", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("cut_count", sa.BigInteger(), nullable=False),
        sa.Column("exact_sales", sa.BigInteger(), nullable=False),
        sa.Column("checked_sales", sa.BigInteger(), nullable=False),
        sa.Column("carry", Json, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("ended_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed')",
            name=op.f("ck_commission_trial_status"),
        ),
        sa.CheckConstraint("placed_from < placed_until", name=op.f("ck_commission_trial_stretch")),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["commission_plan_draft.id"],
            name=op.f("fk_commission_trial_draft_id_commission_plan_draft"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["commission_plan_version.id"],
            name=op.f("fk_commission_trial_version_id_commission_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_trial")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_trial", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_trial_plan_key_id"), ["plan_key", "id"], unique=False
        )

    op.create_table(
        "dispute",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("payment_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("stripe_id", sa.String(length=120), nullable=False),
        sa.Column("status", sa.String(length=30), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("due_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_dispute_order_id_order")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_dispute_stripe_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dispute_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("invited_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", commissions.schema.Id(), nullable=True),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["account.id"], name=op.f("fk_invitation_accepted_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_invitation_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint(
            "point_id",
            "contact",
            "role",
            "created_at",
            name=op.f("uq_invitation_point_id_contact_role_created_at"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_point_id"), ["point_id"], unique=False)
        batch_op.create_index("ix_invitation_token", ["token_hash"], unique=False)

    op.create_table(
        "line_attribution",
        sa.Column("order_line_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("touch_id", commissions.schema.Id(), nullable=True),
        sa.Column("upline_point_id", commissions.schema.Id(), nullable=True),
        sa.Column("upline_contract", sa.String(length=120), nullable=False),
        sa.Column("losers", Json, nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_line_attribution_point_id_point")
        ),
        sa.PrimaryKeyConstraint("order_line_id", name=op.f("pk_line_attribution")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("line_attribution", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_line_attribution_order_id"), ["order_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_line_attribution_point_id"), ["point_id"], unique=False
        )

    op.create_table(
        "live_code",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_live_code_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_code")),
        sa.UniqueConstraint("code", name=op.f("uq_live_code_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("live_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_code_point_id"), ["point_id"], unique=False)

    op.create_table(
        "location",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("ships", sa.Boolean(), nullable=False),
        sa.Column("pickup_enabled", sa.Boolean(), nullable=False),
        sa.Column("pickup_ready_minutes", sa.Integer(), nullable=False),
        sa.Column("pickup_instructions", Json, nullable=False),
        sa.Column("opening_hours", Json, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_location_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("code", name=op.f("uq_location_code")),
        sa.UniqueConstraint("point_id", name=op.f("uq_location_point_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "lost_attribution",
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_line_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_lost_attribution_point_id_point")
        ),
        sa.PrimaryKeyConstraint("point_id", "order_line_id", name=op.f("pk_lost_attribution")),
        sqlite_strict=True,
    )
    op.create_table(
        "objection",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("subject", sa.String(length=8), nullable=False),
        sa.Column("subject_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_by", sa.String(length=80), nullable=False),
        sa.Column("raised_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (answered_at IS NULL)", name=op.f("ck_objection_answered")
        ),
        sa.CheckConstraint(
            "answered_by IS NULL OR answered_by <> raised_by",
            name=op.f("ck_objection_not_the_same"),
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_objection_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint(
            "subject",
            "subject_id",
            "point_id",
            name=op.f("uq_objection_subject_subject_id_point_id"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(
            "ix_objection_open",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.create_table(
        "organization_edge",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("manager_id", commissions.schema.Id(), nullable=False),
        sa.Column("contract", sa.String(length=120), nullable=False),
        sa.Column("from_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["point.id"], name=op.f("fk_organization_edge_manager_id_point")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_organization_edge_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_edge")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("organization_edge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organization_edge_point_id"), ["point_id"], unique=False
        )
        batch_op.create_index(
            "uq_organization_edge_current",
            ["point_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "payment_event",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("payment_id", commissions.schema.Id(), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("psp_reference", sa.String(length=120), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_event_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
        sa.UniqueConstraint(
            "payment_id",
            "type",
            "psp_reference",
            name=op.f("uq_payment_event_payment_id_type_psp_reference"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "point_membership",
        sa.Column("account_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_point_membership_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_point_membership_point_id_point")
        ),
        sa.PrimaryKeyConstraint("account_id", "point_id", "role", name=op.f("pk_point_membership")),
        sqlite_strict=True,
    )
    op.create_table(
        "point_payee",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("from_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_point_payee_payee_id_payee")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_point_payee_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_payee")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("point_payee", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_point_payee_point_id"), ["point_id"], unique=False)
        batch_op.create_index(
            "uq_point_payee_current",
            ["point_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "refund",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("payment_id", commissions.schema.Id(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("shipping_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("goodwill_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("goodwill_spread", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stripe_id", sa.String(length=120), nullable=True),
        sa.Column("key_epoch", sa.Integer(), nullable=False),
        sa.Column("broken_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("absent_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=120), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_refund_order_id_order")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_refund_stripe_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_refund_status", ["status", "id"], unique=False)

    op.create_table(
        "self_billing",
        sa.Column("statement_id", commissions.schema.Id(), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payee_tax_id", commissions.schema.Id(), nullable=False),
        sa.Column("net_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("vat_code", sa.String(length=20), nullable=False),
        sa.Column("vat_bps", sa.Integer(), nullable=False),
        sa.Column("vat_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payee_tax_id"], ["payee_tax.id"], name=op.f("fk_self_billing_payee_tax_id_payee_tax")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["commission_statement.id"],
            name=op.f("fk_self_billing_statement_id_commission_statement"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_self_billing")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_self_billing_series_number")),
        sqlite_strict=True,
    )
    op.create_table(
        "share_link",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("parent_id", commissions.schema.Id(), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["share_link.id"], name=op.f("fk_share_link_parent_id_share_link")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_share_link_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link")),
        sa.UniqueConstraint("code", name=op.f("uq_share_link_code")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("share_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_link_point_id"), ["point_id"], unique=False)

    op.create_table(
        "storefront",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("owner_name", sa.String(length=60), nullable=False),
        sa.Column("greeting", sa.Text(), nullable=False),
        sa.Column("picture_key", sa.String(length=120), nullable=False),
        sa.Column("accent", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_storefront_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storefront")),
        sa.UniqueConstraint("point_id", name=op.f("uq_storefront_point_id")),
        sa.UniqueConstraint("slug", name=op.f("uq_storefront_slug")),
        sqlite_strict=True,
    )
    op.create_table(
        "touch",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("visitor", sa.String(length=40), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("platform", sa.String(length=12), nullable=False),
        sa.Column("campaign", sa.String(length=40), nullable=False),
        sa.Column("referrer", sa.String(length=200), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_touch_point_id_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touch")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.create_index("ix_touch_point", ["point_id", "at"], unique=False)
        batch_op.create_index("ix_touch_visitor", ["visitor", "at"], unique=False)

    op.create_table(
        "variant",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("product_id", commissions.schema.Id(), nullable=False),
        sa.Column("sku", sa.String(length=120), nullable=True),
        sa.Column("barcode", sa.String(length=60), nullable=False),
        sa.Column("option_values", Json, nullable=False),
        sa.Column("option_key", sa.String(length=400), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("cost_amount", commissions.schema.Amount(), nullable=True),
        sa.Column("taxable", sa.Boolean(), nullable=False),
        sa.Column("track_inventory", sa.Boolean(), nullable=False),
        sa.Column("backorderable", sa.Boolean(), nullable=False),
        sa.Column("weight_grams", sa.Integer(), nullable=False),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("media_id", commissions.schema.Id(), nullable=True),
        sa.Column("extra", Json, nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_variant_media_id_media")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_variant_product_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant")),
        sa.UniqueConstraint(
            "product_id", "option_key", name=op.f("uq_variant_product_id_option_key")
        ),
        sa.UniqueConstraint("sku", name=op.f("uq_variant_sku")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("variant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_variant_product_id"), ["product_id"], unique=False)

    op.create_table(
        "visit_count",
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_visit_count_point_id_point")
        ),
        sa.PrimaryKeyConstraint("point_id", "day", name=op.f("pk_visit_count")),
        sqlite_strict=True,
    )
    op.create_table(
        "abuse_case",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=True),
        sa.Column("application_id", commissions.schema.Id(), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("numbers", Json, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("opened_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("extended_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(status = 'open') = (decided_at IS NULL)", name=op.f("ck_abuse_case_decided")
        ),
        sa.CheckConstraint(
            "action IN ('flag', 'hold', 'reject')", name=op.f("ck_abuse_case_action")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'released', 'upheld')", name=op.f("ck_abuse_case_status")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_abuse_case_application_id_application"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_abuse_case_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_abuse_case_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_case")),
        sa.UniqueConstraint("application_id", name=op.f("uq_abuse_case_application_id")),
        sa.UniqueConstraint(
            "rule", "point_id", "identity", name=op.f("uq_abuse_case_rule_point_id_identity")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("abuse_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_abuse_case_order_id"), ["order_id"], unique=False)
        batch_op.create_index("ix_abuse_case_point", ["point_id", "id"], unique=False)
        batch_op.create_index("ix_abuse_case_queue", ["status", "due_at"], unique=False)

    op.create_table(
        "commission_decision",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("line_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("forgone_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version_id", commissions.schema.Id(), nullable=True),
        sa.Column("rule_id", commissions.schema.Id(), nullable=True),
        sa.Column("trace", Json, nullable=True),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(amount > 0) = (outcome = 'paid')", name=op.f("ck_commission_decision_paid")
        ),
        sa.CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline')", name=op.f("ck_commission_decision_role")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_sale_line.id"],
            name=op.f("fk_commission_decision_line_id_commission_sale_line"),
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["commission_rule.id"],
            name=op.f("fk_commission_decision_rule_id_commission_rule"),
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_decision_sale_id_commission_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["commission_plan_version.id"],
            name=op.f("fk_commission_decision_version_id_commission_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_decision")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_decision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_decision_point_key_id"), ["point_key", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_commission_decision_sale_id"), ["sale_id"], unique=False
        )
        batch_op.create_index(
            "uq_commission_decision", ["line_id", "role", "cause", "cause_key"], unique=True
        )

    op.create_table(
        "commission_period",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("rule_id", commissions.schema.Id(), nullable=False),
        sa.Column("version_id", commissions.schema.Id(), nullable=False),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("period_key", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("room_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("award_amount", commissions.schema.Amount(), nullable=False),
        sa.Column(
            "first_available_at", commissions.schema.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "last_available_at", commissions.schema.UtcDateTime(timezone=True), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["commission_rule.id"],
            name=op.f("fk_commission_period_rule_id_commission_rule"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["commission_plan_version.id"],
            name=op.f("fk_commission_period_version_id_commission_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_period")),
        sa.UniqueConstraint(
            "rule_id",
            "point_key",
            "payee_key",
            "currency",
            "period_key",
            name=op.f("uq_commission_period_rule_id_point_key_payee_key_currency_period_key"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_period", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_period_point_key_id"), ["point_key", "id"], unique=False
        )

    op.create_table(
        "commission_trial_line",
        sa.Column("trial_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("line_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("part", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("now_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("then_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("cut_amount", commissions.schema.Amount(), nullable=False),
        sa.CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline')", name=op.f("ck_commission_trial_line_role")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_sale_line.id"],
            name=op.f("fk_commission_trial_line_line_id_commission_sale_line"),
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["commission_trial.id"],
            name=op.f("fk_commission_trial_line_trial_id_commission_trial"),
        ),
        sa.PrimaryKeyConstraint(
            "trial_id", "role", "line_id", "part", name=op.f("pk_commission_trial_line")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_trial_period",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("trial_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("period_key", sa.Text(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("room_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("award_amount", commissions.schema.Amount(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["commission_trial.id"],
            name=op.f("fk_commission_trial_period_trial_id_commission_trial"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_trial_period")),
        sa.UniqueConstraint(
            "trial_id",
            "role",
            "position",
            "point_key",
            "payee_key",
            "currency",
            "period_key",
            name=op.f(
                "uq_commission_trial_period_trial_id_role_position_point_key_payee_key_currency_period_key"
            ),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_trial_sum",
        sa.Column("trial_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("now_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("then_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("cut_amount", commissions.schema.Amount(), nullable=False),
        sa.CheckConstraint(
            "dimension IN ('role', 'point', 'payee', 'product', 'month')",
            name=op.f("ck_commission_trial_sum_dimension"),
        ),
        sa.ForeignKeyConstraint(
            ["trial_id"],
            ["commission_trial.id"],
            name=op.f("fk_commission_trial_sum_trial_id_commission_trial"),
        ),
        sa.PrimaryKeyConstraint(
            "trial_id", "dimension", "currency", "key", name=op.f("pk_commission_trial_sum")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "fulfillment",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("location_id", commissions.schema.Id(), nullable=True),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("tracking_number", sa.String(length=80), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ready_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("handed_over_by", sa.String(length=80), nullable=False),
        sa.Column("delivered_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_fulfillment_location_id_location")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_fulfillment_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_fulfillment_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("fulfillment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fulfillment_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fulfillment_point_id"), ["point_id"], unique=False)
        batch_op.create_index("ix_fulfillment_work", ["status", "location_id", "id"], unique=False)

    op.create_table(
        "pickup_ticket",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("location_id", commissions.schema.Id(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("code_sealed", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_pickup_ticket_location_id_location")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_pickup_ticket_order_id_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_ticket")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_pickup_ticket_code_hash")),
        sa.UniqueConstraint(
            "order_id", "location_id", name=op.f("uq_pickup_ticket_order_id_location_id")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("pickup_ticket", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pickup_ticket_location_id"), ["location_id"], unique=False
        )

    op.create_table(
        "price",
        sa.Column("variant_id", commissions.schema.Id(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("compare_at_amount", commissions.schema.Amount(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_price_variant_id_variant")
        ),
        sa.PrimaryKeyConstraint("variant_id", "currency", name=op.f("pk_price")),
        sqlite_strict=True,
    )
    op.create_table(
        "refund_line",
        sa.Column("refund_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_line_id", commissions.schema.Id(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("restock", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name=op.f("fk_refund_line_refund_id_refund")
        ),
        sa.PrimaryKeyConstraint("refund_id", "order_line_id", name=op.f("pk_refund_line")),
        sqlite_strict=True,
    )
    op.create_table(
        "stock_level",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("variant_id", commissions.schema.Id(), nullable=False),
        sa.Column("location_id", commissions.schema.Id(), nullable=False),
        sa.Column("goods_owner", sa.String(length=40), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("committed", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("unavailable", sa.Integer(), nullable=False),
        sa.Column("backorderable", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "backorderable OR on_hand - committed - reserved - unavailable >= 0",
            name=op.f("ck_stock_level_never_oversold"),
        ),
        sa.CheckConstraint("committed >= 0", name=op.f("ck_stock_level_committed")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_level_reserved")),
        sa.CheckConstraint("unavailable >= 0", name=op.f("ck_stock_level_unavailable")),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_stock_level_location_id_location")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_stock_level_variant_id_variant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_level")),
        sa.UniqueConstraint(
            "variant_id",
            "location_id",
            "goods_owner",
            name=op.f("uq_stock_level_variant_id_location_id_goods_owner"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("stock_level", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stock_level_location_id"), ["location_id"], unique=False
        )

    op.create_table(
        "stock_lot",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("variant_id", commissions.schema.Id(), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("best_before", sa.Date(), nullable=True),
        sa.Column("created_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variant.id"], name=op.f("fk_stock_lot_variant_id_variant")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_lot")),
        sa.UniqueConstraint("variant_id", "code", name=op.f("uq_stock_lot_variant_id_code")),
        sqlite_strict=True,
    )
    op.create_table(
        "storefront_item",
        sa.Column("storefront_id", commissions.schema.Id(), nullable=False),
        sa.Column("product_id", commissions.schema.Id(), nullable=False),
        sa.Column("pinned_position", sa.Integer(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_storefront_item_product_id_product")
        ),
        sa.ForeignKeyConstraint(
            ["storefront_id"],
            ["storefront.id"],
            name=op.f("fk_storefront_item_storefront_id_storefront"),
        ),
        sa.PrimaryKeyConstraint("storefront_id", "product_id", name=op.f("pk_storefront_item")),
        sqlite_strict=True,
    )
    op.create_table(
        "case_proposal",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("point_id", commissions.schema.Id(), nullable=True),
        sa.Column("payee_id", commissions.schema.Id(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=True),
        sa.Column("decision_id", commissions.schema.Id(), nullable=True),
        sa.Column("reverses_id", commissions.schema.Id(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('correction', 'reversal', 'write_off', 'repayment')",
            name=op.f("ck_case_proposal_kind"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_case_proposal_amount")),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["commission_decision.id"],
            name=op.f("fk_case_proposal_decision_id_commission_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f("fk_case_proposal_order_id_order")
        ),
        sa.ForeignKeyConstraint(
            ["payee_id"], ["payee.id"], name=op.f("fk_case_proposal_payee_id_payee")
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["point.id"], name=op.f("fk_case_proposal_point_id_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_proposal")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_award",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("period_id", commissions.schema.Id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("total_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("trace", Json, nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_commission_award_amount")),
        sa.ForeignKeyConstraint(
            ["period_id"],
            ["commission_period.id"],
            name=op.f("fk_commission_award_period_id_commission_period"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_award")),
        sa.UniqueConstraint("period_id", "seq", name=op.f("uq_commission_award_period_id_seq")),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_case",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=True),
        sa.Column("line_id", commissions.schema.Id(), nullable=True),
        sa.Column("decision_id", commissions.schema.Id(), nullable=True),
        sa.Column("reverses_id", commissions.schema.Id(), nullable=True),
        sa.Column("payout_id", commissions.schema.Id(), nullable=True),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'returned') = (payout_id IS NOT NULL)",
            name=op.f("ck_commission_case_returned"),
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)",
            name=op.f("ck_commission_case_reversal"),
        ),
        sa.CheckConstraint(
            "kind = 'invoice' OR second IS NOT NULL", name=op.f("ck_commission_case_two_people")
        ),
        sa.CheckConstraint(
            "kind IN ('correction', 'reversal', 'returned') OR amount > 0",
            name=op.f("ck_commission_case_debts_are_positive"),
        ),
        sa.CheckConstraint(
            "amount <> 0 AND amount BETWEEN -1000000000000000 AND 1000000000000000",
            name=op.f("ck_commission_case_amount"),
        ),
        sa.CheckConstraint(
            "line_id IS NULL OR sale_id IS NOT NULL", name=op.f("ck_commission_case_line_of_sale")
        ),
        sa.CheckConstraint(
            "second IS NULL OR second <> by", name=op.f("ck_commission_case_four_eyes")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["commission_decision.id"],
            name=op.f("fk_commission_case_decision_id_commission_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_sale_line.id"],
            name=op.f("fk_commission_case_line_id_commission_sale_line"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_case_payout_id_commission_payout"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["commission_case.id"],
            name=op.f("fk_commission_case_reverses_id_commission_case"),
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_case_sale_id_commission_sale"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_case")),
        sa.UniqueConstraint("key", name=op.f("uq_commission_case_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_commission_case_reverses_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_case", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_case_kind_id"), ["kind", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_commission_case_payee_key_currency_id"),
            ["payee_key", "currency", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_commission_case_payout_id"), ["payout_id"], unique=False
        )

    op.create_table(
        "commission_counted",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("period_id", commissions.schema.Id(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=False),
        sa.Column("line_id", commissions.schema.Id(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_bonus", sa.Boolean(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("line_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("room_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("delivered_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("available_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline')", name=op.f("ck_commission_counted_role")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_sale_line.id"],
            name=op.f("fk_commission_counted_line_id_commission_sale_line"),
        ),
        sa.ForeignKeyConstraint(
            ["period_id"],
            ["commission_period.id"],
            name=op.f("fk_commission_counted_period_id_commission_period"),
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_counted_sale_id_commission_sale"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_counted")),
        sa.UniqueConstraint(
            "period_id",
            "seq",
            "line_id",
            "role",
            "cause",
            "cause_key",
            name=op.f("uq_commission_counted_period_id_seq_line_id_role_cause_cause_key"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_counted", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_counted_sale_id"), ["sale_id"], unique=False
        )

    op.create_table(
        "fulfillment_line",
        sa.Column("fulfillment_id", commissions.schema.Id(), nullable=False),
        sa.Column("order_line_id", commissions.schema.Id(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_fulfillment_line_positive")),
        sa.ForeignKeyConstraint(
            ["fulfillment_id"],
            ["fulfillment.id"],
            name=op.f("fk_fulfillment_line_fulfillment_id_fulfillment"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_line.id"],
            name=op.f("fk_fulfillment_line_order_line_id_order_line"),
        ),
        sa.PrimaryKeyConstraint(
            "fulfillment_id", "order_line_id", name=op.f("pk_fulfillment_line")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("stock_level_id", commissions.schema.Id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("on_hand_change", sa.Integer(), nullable=False),
        sa.Column("committed_change", sa.Integer(), nullable=False),
        sa.Column("reserved_change", sa.Integer(), nullable=False),
        sa.Column("unavailable_change", sa.Integer(), nullable=False),
        sa.Column("reason_type", sa.String(length=30), nullable=False),
        sa.Column("reason_id", sa.String(length=80), nullable=False),
        sa.Column("lot_id", commissions.schema.Id(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["stock_lot.id"], name=op.f("fk_stock_movement_lot_id_stock_lot")
        ),
        sa.ForeignKeyConstraint(
            ["stock_level_id"],
            ["stock_level.id"],
            name=op.f("fk_stock_movement_stock_level_id_stock_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
        sa.UniqueConstraint(
            "stock_level_id",
            "reason_type",
            "reason_id",
            "kind",
            name=op.f("uq_stock_movement_stock_level_id_reason_type_reason_id_kind"),
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.create_index("ix_stock_movement_level", ["stock_level_id", "id"], unique=False)

    op.create_table(
        "stock_reservation",
        sa.Column("id", commissions.schema.Id(), nullable=False),
        sa.Column("order_id", commissions.schema.Id(), nullable=False),
        sa.Column("stock_level_id", commissions.schema.Id(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_reservation_positive")),
        sa.ForeignKeyConstraint(
            ["stock_level_id"],
            ["stock_level.id"],
            name=op.f("fk_stock_reservation_stock_level_id_stock_level"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservation")),
        sa.UniqueConstraint(
            "order_id", "stock_level_id", name=op.f("uq_stock_reservation_order_id_stock_level_id")
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "commission_entry",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("origin_id", commissions.schema.Id(), nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=True),
        sa.Column("line_id", commissions.schema.Id(), nullable=True),
        sa.Column("award_id", commissions.schema.Id(), nullable=True),
        sa.Column("case_id", commissions.schema.Id(), nullable=True),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("version_id", commissions.schema.Id(), nullable=True),
        sa.Column("rule_id", commissions.schema.Id(), nullable=True),
        sa.Column("base_amount", commissions.schema.Amount(), nullable=False),
        sa.Column("hold_days", sa.BigInteger(), nullable=False),
        sa.Column("trace", Json, nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('earn', 'adjust', 'reverse', 'reserve') AND role NOT IN ('bonus', 'manual') AND sale_id IS NOT NULL AND line_id IS NOT NULL AND award_id IS NULL AND case_id IS NULL) OR (kind = 'difference' AND role <> 'manual' AND award_id IS NOT NULL AND case_id IS NULL AND sale_id IS NULL AND line_id IS NULL) OR (kind IN ('manual', 'write_off', 'repaid', 'returned', 'reverse') AND role = 'manual' AND case_id IS NOT NULL AND award_id IS NULL AND sale_id IS NULL AND line_id IS NULL)",
            name=op.f("ck_commission_entry_source"),
        ),
        sa.CheckConstraint(
            "(kind IN ('earn', 'difference', 'manual', 'write_off', 'repaid', 'returned')) = (origin_id = id)",
            name=op.f("ck_commission_entry_origin"),
        ),
        sa.CheckConstraint(
            "(role = 'manual') = (version_id IS NULL) AND (version_id IS NULL) = (rule_id IS NULL)",
            name=op.f("ck_commission_entry_plan"),
        ),
        sa.CheckConstraint(
            "kind <> 'earn' OR amount > 0", name=op.f("ck_commission_entry_earn_is_positive")
        ),
        sa.CheckConstraint(
            "kind IN ('earn', 'adjust', 'reverse', 'reserve', 'difference', 'manual', 'write_off', 'repaid', 'returned')",
            name=op.f("ck_commission_entry_kind"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('write_off', 'repaid') OR amount > 0",
            name=op.f("ck_commission_entry_debt_ends_upward"),
        ),
        sa.CheckConstraint(
            "role IN ('seller', 'fulfiller', 'upline', 'bonus', 'manual')",
            name=op.f("ck_commission_entry_role"),
        ),
        sa.CheckConstraint(
            "amount <> 0 AND amount BETWEEN -1000000000000000 AND 1000000000000000",
            name=op.f("ck_commission_entry_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["award_id"],
            ["commission_award.id"],
            name=op.f("fk_commission_entry_award_id_commission_award"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["commission_case.id"],
            name=op.f("fk_commission_entry_case_id_commission_case"),
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["commission_sale_line.id"],
            name=op.f("fk_commission_entry_line_id_commission_sale_line"),
        ),
        sa.ForeignKeyConstraint(
            ["origin_id"],
            ["commission_entry.id"],
            name=op.f("fk_commission_entry_origin_id_commission_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["commission_rule.id"],
            name=op.f("fk_commission_entry_rule_id_commission_rule"),
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_entry_sale_id_commission_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["commission_plan_version.id"],
            name=op.f("fk_commission_entry_version_id_commission_plan_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_entry")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_entry_origin_id"), ["origin_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_commission_entry_payee_key_currency_id"),
            ["payee_key", "currency", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_commission_entry_point_key_id"), ["point_key", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_commission_entry_sale_id"), ["sale_id"], unique=False)
        batch_op.create_index(
            "uq_commission_entry_award",
            ["award_id"],
            unique=True,
            sqlite_where=sa.text("award_id IS NOT NULL"),
            postgresql_where=sa.text("award_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_commission_entry_case",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("case_id IS NOT NULL"),
            postgresql_where=sa.text("case_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_commission_entry_earn",
            ["line_id", "role", "cause", "cause_key"],
            unique=True,
            sqlite_where=sa.text("kind = 'earn'"),
            postgresql_where=sa.text("kind = 'earn'"),
        )
        batch_op.create_index(
            "uq_commission_entry_follow",
            ["origin_id", "kind", "cause", "cause_key"],
            unique=True,
            sqlite_where=sa.text("kind <> 'earn'"),
            postgresql_where=sa.text("kind <> 'earn'"),
        )

    op.create_table(
        "commission_hold",
        sa.Column("id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", commissions.schema.Id(), nullable=True),
        sa.Column("sale_id", commissions.schema.Id(), nullable=True),
        sa.Column("point_key", sa.Text(), nullable=True),
        sa.Column("payee_key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("opened_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("extended_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN entry_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN sale_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN point_key IS NULL THEN 0 ELSE 1 END) + (CASE WHEN payee_key IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_commission_hold_one_target"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["commission_entry.id"],
            name=op.f("fk_commission_hold_entry_id_commission_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["sale_id"],
            ["commission_sale.id"],
            name=op.f("fk_commission_hold_sale_id_commission_sale"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_hold")),
        sa.UniqueConstraint("key", name=op.f("uq_commission_hold_key")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_hold", schema=None) as batch_op:
        batch_op.create_index(
            "ix_commission_hold_open_entry_id",
            ["entry_id"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.create_index(
            "ix_commission_hold_open_payee_key",
            ["payee_key"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.create_index(
            "ix_commission_hold_open_point_key",
            ["point_key"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.create_index(
            "ix_commission_hold_open_sale_id",
            ["sale_id"],
            unique=False,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "commission_payout_claim",
        sa.Column("payout_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("entry_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("released_at", commissions.schema.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["commission_entry.id"],
            name=op.f("fk_commission_payout_claim_entry_id_commission_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_payout_claim_payout_id_commission_payout"),
        ),
        sa.PrimaryKeyConstraint("payout_id", "entry_id", name=op.f("pk_commission_payout_claim")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_payout_claim", schema=None) as batch_op:
        batch_op.create_index(
            "uq_commission_payout_claim_live",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.create_table(
        "commission_release",
        sa.Column("entry_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("sale_id", commissions.schema.Id(), nullable=True),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("delivered_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("available_at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["commission_entry.id"],
            name=op.f("fk_commission_release_entry_id_commission_entry"),
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_commission_release")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_release", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_release_payee_key_currency_available_at"),
            ["payee_key", "currency", "available_at"],
            unique=False,
        )

    op.create_table(
        "commission_statement_line",
        sa.Column("statement_id", commissions.schema.Id(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("posting_id", commissions.schema.Id(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("entry_id", commissions.schema.Id(), nullable=True),
        sa.Column("payout_id", commissions.schema.Id(), nullable=True),
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", commissions.schema.Amount(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("at", commissions.schema.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_commission_statement_line_amount")),
        sa.CheckConstraint(
            "entry_id IS NOT NULL OR payout_id IS NOT NULL",
            name=op.f("ck_commission_statement_line_source"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["commission_entry.id"],
            name=op.f("fk_commission_statement_line_entry_id_commission_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"],
            ["commission_payout.id"],
            name=op.f("fk_commission_statement_line_payout_id_commission_payout"),
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"],
            ["commission_posting.id"],
            name=op.f("fk_commission_statement_line_posting_id_commission_posting"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["commission_statement.id"],
            name=op.f("fk_commission_statement_line_statement_id_commission_statement"),
        ),
        sa.PrimaryKeyConstraint(
            "statement_id", "position", name=op.f("pk_commission_statement_line")
        ),
        sa.UniqueConstraint("posting_id", name=op.f("uq_commission_statement_line_posting_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("commission_statement_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_commission_statement_line_entry_id"), ["entry_id"], unique=False
        )

    search.create(op.get_bind())
    guards.install_guards(op.get_bind(), INSERT_ONLY)
    schema.seed(op.get_bind())


def downgrade() -> None:
    search.drop(op.get_bind())
    for table in INSERT_ONLY:
        guards.drop_guards(op.get_bind(), table)
    with op.batch_alter_table("commission_statement_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_statement_line_entry_id"))

    op.drop_table("commission_statement_line")
    with op.batch_alter_table("commission_release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_release_payee_key_currency_available_at"))

    op.drop_table("commission_release")
    with op.batch_alter_table("commission_payout_claim", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_commission_payout_claim_live",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.drop_table("commission_payout_claim")
    with op.batch_alter_table("commission_hold", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_commission_hold_open_sale_id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_commission_hold_open_point_key",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_commission_hold_open_payee_key",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_commission_hold_open_entry_id",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    op.drop_table("commission_hold")
    with op.batch_alter_table("commission_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_commission_entry_follow",
            sqlite_where=sa.text("kind <> 'earn'"),
            postgresql_where=sa.text("kind <> 'earn'"),
        )
        batch_op.drop_index(
            "uq_commission_entry_earn",
            sqlite_where=sa.text("kind = 'earn'"),
            postgresql_where=sa.text("kind = 'earn'"),
        )
        batch_op.drop_index(
            "uq_commission_entry_case",
            sqlite_where=sa.text("case_id IS NOT NULL"),
            postgresql_where=sa.text("case_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_commission_entry_award",
            sqlite_where=sa.text("award_id IS NOT NULL"),
            postgresql_where=sa.text("award_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_commission_entry_sale_id"))
        batch_op.drop_index(batch_op.f("ix_commission_entry_point_key_id"))
        batch_op.drop_index(batch_op.f("ix_commission_entry_payee_key_currency_id"))
        batch_op.drop_index(batch_op.f("ix_commission_entry_origin_id"))

    op.drop_table("commission_entry")
    op.drop_table("stock_reservation")
    with op.batch_alter_table("stock_movement", schema=None) as batch_op:
        batch_op.drop_index("ix_stock_movement_level")

    op.drop_table("stock_movement")
    op.drop_table("fulfillment_line")
    with op.batch_alter_table("commission_counted", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_counted_sale_id"))

    op.drop_table("commission_counted")
    with op.batch_alter_table("commission_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_case_payout_id"))
        batch_op.drop_index(batch_op.f("ix_commission_case_payee_key_currency_id"))
        batch_op.drop_index(batch_op.f("ix_commission_case_kind_id"))

    op.drop_table("commission_case")
    op.drop_table("commission_award")
    op.drop_table("case_proposal")
    op.drop_table("storefront_item")
    op.drop_table("stock_lot")
    with op.batch_alter_table("stock_level", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_level_location_id"))

    op.drop_table("stock_level")
    op.drop_table("refund_line")
    op.drop_table("price")
    with op.batch_alter_table("pickup_ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pickup_ticket_location_id"))

    op.drop_table("pickup_ticket")
    with op.batch_alter_table("fulfillment", schema=None) as batch_op:
        batch_op.drop_index("ix_fulfillment_work")
        batch_op.drop_index(batch_op.f("ix_fulfillment_point_id"))
        batch_op.drop_index(batch_op.f("ix_fulfillment_order_id"))

    op.drop_table("fulfillment")
    op.drop_table("commission_trial_sum")
    op.drop_table("commission_trial_period")
    op.drop_table("commission_trial_line")
    with op.batch_alter_table("commission_period", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_period_point_key_id"))

    op.drop_table("commission_period")
    with op.batch_alter_table("commission_decision", schema=None) as batch_op:
        batch_op.drop_index("uq_commission_decision")
        batch_op.drop_index(batch_op.f("ix_commission_decision_sale_id"))
        batch_op.drop_index(batch_op.f("ix_commission_decision_point_key_id"))

    op.drop_table("commission_decision")
    with op.batch_alter_table("abuse_case", schema=None) as batch_op:
        batch_op.drop_index("ix_abuse_case_queue")
        batch_op.drop_index("ix_abuse_case_point")
        batch_op.drop_index(batch_op.f("ix_abuse_case_order_id"))

    op.drop_table("abuse_case")
    op.drop_table("visit_count")
    with op.batch_alter_table("variant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_variant_product_id"))

    op.drop_table("variant")
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.drop_index("ix_touch_visitor")
        batch_op.drop_index("ix_touch_point")

    op.drop_table("touch")
    op.drop_table("storefront")
    with op.batch_alter_table("share_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_share_link_point_id"))

    op.drop_table("share_link")
    op.drop_table("self_billing")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index("ix_refund_status")
        batch_op.drop_index(batch_op.f("ix_refund_order_id"))

    op.drop_table("refund")
    with op.batch_alter_table("point_payee", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_point_payee_current",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_point_payee_point_id"))

    op.drop_table("point_payee")
    op.drop_table("point_membership")
    op.drop_table("payment_event")
    with op.batch_alter_table("organization_edge", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_organization_edge_current",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_organization_edge_point_id"))

    op.drop_table("organization_edge")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_objection_open",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.drop_table("objection")
    op.drop_table("lost_attribution")
    op.drop_table("location")
    with op.batch_alter_table("live_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_live_code_point_id"))

    op.drop_table("live_code")
    with op.batch_alter_table("line_attribution", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_attribution_point_id"))
        batch_op.drop_index(batch_op.f("ix_line_attribution_order_id"))

    op.drop_table("line_attribution")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index("ix_invitation_token")
        batch_op.drop_index(batch_op.f("ix_invitation_point_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_payment_id"))
        batch_op.drop_index(batch_op.f("ix_dispute_order_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("commission_trial", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_trial_plan_key_id"))

    op.drop_table("commission_trial")
    op.drop_table("commission_rule")
    op.drop_table("application")
    with op.batch_alter_table("abuse_signal", schema=None) as batch_op:
        batch_op.drop_index("ix_abuse_signal_seen")
        batch_op.drop_index(batch_op.f("ix_abuse_signal_expires_at"))

    op.drop_table("abuse_signal")
    with op.batch_alter_table("tax_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tax_record_payee_id_tax_year"))

    op.drop_table("tax_record")
    with op.batch_alter_table("point", schema=None) as batch_op:
        batch_op.drop_index("ix_point_status_name")
        batch_op.drop_index(batch_op.f("ix_point_payee_id"))
        batch_op.drop_index(batch_op.f("ix_point_manager_id"))

    op.drop_table("point")
    op.drop_table("payout_paper")
    op.drop_table("payment")
    with op.batch_alter_table("payee_tax_change", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payee_tax_change_open",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_payee_tax_change_payee_id_id"))

    op.drop_table("payee_tax_change")
    with op.batch_alter_table("payee_tax", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payee_tax_payee_id"))

    op.drop_table("payee_tax")
    with op.batch_alter_table("payee_destination", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payee_destination_payee_id"))

    op.drop_table("payee_destination")
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_line_point_id"))
        batch_op.drop_index(batch_op.f("ix_order_line_order_id"))

    op.drop_table("order_line")
    with op.batch_alter_table("order_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_event_order_id"))

    op.drop_table("order_event")
    with op.batch_alter_table("order_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_order_contact_phone")
        batch_op.drop_index("ix_order_contact_email")

    op.drop_table("order_contact")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_media_product_id"))

    op.drop_table("media")
    op.drop_table("connect_account")
    with op.batch_alter_table("commission_plan_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_plan_version_plan_id_effective_from"))

    op.drop_table("commission_plan_version")
    with op.batch_alter_table("commission_payout_batch_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_payout_batch_item_payout_id"))

    op.drop_table("commission_payout_batch_item")
    with op.batch_alter_table("commission_payout_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_payout_attempt_payout_id_id"))

    op.drop_table("commission_payout_attempt")
    op.drop_table("commission_payout_approval")
    with op.batch_alter_table("cart_line", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cart_line_point",
            sqlite_where=sa.text("point_id IS NOT NULL"),
            postgresql_where=sa.text("point_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_cart_line_brand",
            sqlite_where=sa.text("point_id IS NULL"),
            postgresql_where=sa.text("point_id IS NULL"),
        )
        batch_op.drop_index("ix_cart_line_cart")

    op.drop_table("cart_line")
    op.drop_table("abuse_allowed_pair")
    op.drop_table("tax_rate")
    op.drop_table("statement_document")
    with op.batch_alter_table("staff_membership", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_staff_membership_four_eyes",
            sqlite_where=sa.text("role IN ('finance_maker', 'finance_checker')"),
            postgresql_where=sa.text("role IN ('finance_maker', 'finance_checker')"),
        )

    op.drop_table("staff_membership")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index("ix_product_list")
        batch_op.drop_index(batch_op.f("ix_product_category_id"))
        batch_op.drop_index("ix_product_category")

    op.drop_table("product")
    op.drop_table("payout_work_item")
    with op.batch_alter_table("payee", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payee_account_id"))

    op.drop_table("payee")
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_order_task",
            sqlite_where=sa.text("task != ''"),
            postgresql_where=sa.text("task != ''"),
        )
        batch_op.drop_index(
            "ix_order_open",
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.drop_index("ix_order_list")
        batch_op.drop_index(batch_op.f("ix_order_account_id"))

    op.drop_table("order")
    with op.batch_alter_table("import_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_row_job_id"))

    op.drop_table("import_row")
    with op.batch_alter_table("commission_sale_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_sale_line_seller_point_key_sale_id"))

    op.drop_table("commission_sale_line")
    with op.batch_alter_table("commission_plan_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_plan_draft_plan_id_id"))

    op.drop_table("commission_plan_draft")
    op.drop_table("commission_payout_skipped")
    with op.batch_alter_table("commission_payout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_payout_status_id"))
        batch_op.drop_index(batch_op.f("ix_commission_payout_payee_key_id"))
        batch_op.drop_index(batch_op.f("ix_commission_payout_destination_hash_created_at"))

    op.drop_table("commission_payout")
    with op.batch_alter_table("cart", schema=None) as batch_op:
        batch_op.drop_index("ix_cart_reap")
        batch_op.drop_index(batch_op.f("ix_cart_account_id"))

    op.drop_table("cart")
    op.drop_table("account_preference")
    with op.batch_alter_table("account_device", schema=None) as batch_op:
        batch_op.drop_index("ix_account_device_hash")
        batch_op.drop_index(batch_op.f("ix_account_device_expires_at"))

    op.drop_table("account_device")
    with op.batch_alter_table("withholding_table", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_withholding_table_key_valid_from"))

    op.drop_table("withholding_table")
    op.drop_table("tax_class")
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_code_contact")

    op.drop_table("sign_in_code")
    op.drop_table("shipping_rate")
    with op.batch_alter_table("second_consent", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_second_consent_open",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        )

    op.drop_table("second_consent")
    op.drop_table("scheduled_run")
    with op.batch_alter_table("payout_work", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payout_work_open",
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_payout_work_run_id"))

    op.drop_table("payout_work")
    with op.batch_alter_table("payout_terms", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payout_terms_current",
            sqlite_where=sa.text("agreed_at IS NOT NULL AND replaced_at IS NULL"),
            postgresql_where=sa.text("agreed_at IS NOT NULL AND replaced_at IS NULL"),
        )

    op.drop_table("payout_terms")
    op.drop_table("payout_reconciliation")
    op.drop_table("payout_marker")
    op.drop_table("payer_account")
    with op.batch_alter_table("outbox_job", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_outbox_job_key_open",
            sqlite_where=sa.text('"key" IS NOT NULL AND done_at IS NULL AND dead_at IS NULL'),
            postgresql_where=sa.text('"key" IS NOT NULL AND done_at IS NULL AND dead_at IS NULL'),
        )
        batch_op.drop_index(
            "ix_outbox_job_open",
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )

    op.drop_table("outbox_job")
    op.drop_table("node_lease")
    op.drop_table("network_import")
    with op.batch_alter_table("mailbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_mailbox_recipient")

    op.drop_table("mailbox_message")
    with op.batch_alter_table("legal_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_profile_effective_from_id"))

    op.drop_table("legal_profile")
    with op.batch_alter_table("inbox_event", schema=None) as batch_op:
        batch_op.drop_index("ix_inbox_event_status")

    op.drop_table("inbox_event")
    op.drop_table("import_job")
    with op.batch_alter_table("finance_alert", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_finance_alert_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("finance_alert")
    op.drop_table("commission_trial_block")
    op.drop_table("commission_statement_series")
    with op.batch_alter_table("commission_statement", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_commission_statement_previous",
            sqlite_where=sa.text("copy = 1 AND previous_id IS NOT NULL"),
            postgresql_where=sa.text("copy = 1 AND previous_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_commission_statement_payee_key_id"))

    op.drop_table("commission_statement")
    with op.batch_alter_table("commission_sale_head", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_commission_sale_head_uncredited",
            sqlite_where=sa.text("credited_at IS NULL"),
            postgresql_where=sa.text("credited_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_commission_sale_head_sale_id"))

    op.drop_table("commission_sale_head")
    with op.batch_alter_table("commission_sale", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commission_sale_placed_at"))
        batch_op.drop_index(
            "ix_commission_sale_part_of_id",
            sqlite_where=sa.text("part_of_id IS NOT NULL"),
            postgresql_where=sa.text("part_of_id IS NOT NULL"),
        )

    op.drop_table("commission_sale")
    op.drop_table("commission_posting")
    op.drop_table("commission_plan")
    op.drop_table("commission_payout_run")
    op.drop_table("commission_payout_halt")
    op.drop_table("commission_payout_batch")
    op.drop_table("commission_fact")
    op.drop_table("commission_block")
    op.drop_table("commission_balance")
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_category_parent_id"))

    op.drop_table("category")
    op.drop_table("brand")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_thing_kind_thing_key_id"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_by_id"))

    op.drop_table("audit_entry")
    op.drop_table("attempt_count")
    op.drop_table("account")
    op.drop_table("abuse_setting")
