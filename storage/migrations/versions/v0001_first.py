"""First schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.String(27).with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

SQLITE_TEXTS = (
    "CREATE VIRTUAL TABLE event_text USING fts5(body, agency, place, tokenize='ascii')",
)
POSTGRESQL_TEXTS = (
    "CREATE TABLE event_text (sequence BIGINT PRIMARY KEY, body TSVECTOR NOT NULL, "
    "agency TSVECTOR NOT NULL, place TSVECTOR NOT NULL)",
    "CREATE INDEX event_text_body ON event_text USING gin (body)",
    "CREATE INDEX event_text_agency ON event_text USING gin (agency)",
    "CREATE INDEX event_text_place ON event_text USING gin (place)",
)


def upgrade() -> None:
    """Create all tables and the full-text index of the database at hand."""
    op.create_table('agreement',
        sa.Column('id', KEY, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('ledger', KEY, nullable=False),
        sa.Column('told_at', MOMENT, nullable=False),
        sa.Column('newest', sa.Boolean(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', 'version')
    )
    op.create_index('agreement_by_time', 'agreement', ['told_at'])
    op.create_index('ix_agreement_newest', 'agreement', ['newest'])
    op.create_table('chain',
        sa.Column('name', KEY, nullable=False),
        sa.Column('sequence', NUMBER, nullable=False),
        sa.Column('length', NUMBER, nullable=False),
        sa.Column('hash', KEY, nullable=False),
        sa.PrimaryKeyConstraint('name')
    )
    op.create_table('checkpoint',
        sa.Column('number', NUMBER, nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('sequence', NUMBER, nullable=False),
        sa.Column('hash', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('number')
    )
    op.create_table('claim',
        sa.Column('id', KEY, nullable=False),
        sa.Column('item_id', KEY, nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )
    op.create_index('claim_by_item', 'claim', ['item_id', 'revision'])
    op.create_index('ix_claim_source_id', 'claim', ['source_id'])
    op.create_table('delivery',
        sa.Column('number', NUMBER, nullable=False),
        sa.Column('id', KEY, nullable=False),
        sa.Column('subscription_id', KEY, nullable=False),
        sa.Column('kind', KEY, nullable=False),
        sa.Column('channel', KEY, nullable=False),
        sa.Column('destination', KEY, nullable=False),
        sa.Column('event_ids', sa.Text(), nullable=False),
        sa.Column('record_ids', sa.Text(), nullable=False),
        sa.Column('digest_id', KEY, nullable=False),
        sa.Column('state', KEY, nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('not_before', MOMENT, nullable=True),
        sa.Column('created_at', MOMENT, nullable=False),
        sa.Column('attempted_at', MOMENT, nullable=True),
        sa.Column('sent_at', MOMENT, nullable=True),
        sa.Column('external_id', sa.Text(), nullable=False),
        sa.Column('parent_external_id', sa.Text(), nullable=False),
        sa.Column('plain', sa.Boolean(), nullable=False),
        sa.Column('error', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('number'),
        sa.UniqueConstraint('id')
    )
    op.create_index('delivery_by_subscription', 'delivery', ['subscription_id', 'created_at'])
    op.create_index('delivery_due', 'delivery', ['state', 'channel', 'destination', 'number'])
    op.create_index('ix_delivery_destination', 'delivery', ['destination'])
    op.create_table('delivery_event',
        sa.Column('event_id', KEY, nullable=False),
        sa.Column('delivery_id', KEY, nullable=False),
        sa.PrimaryKeyConstraint('event_id', 'delivery_id')
    )
    op.create_table('digest',
        sa.Column('id', KEY, nullable=False),
        sa.Column('subscription_id', KEY, nullable=False),
        sa.Column('window_start', MOMENT, nullable=False),
        sa.Column('window_end', MOMENT, nullable=False),
        sa.Column('public', sa.Boolean(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )
    op.create_index('digest_window', 'digest', ['subscription_id', 'window_end'])
    op.create_index('ix_digest_window_end', 'digest', ['window_end'])
    op.create_table('event',
        sa.Column('sequence', NUMBER, autoincrement=False, nullable=False),
        sa.Column('id', KEY, nullable=False),
        sa.Column('event_type', KEY, nullable=False),
        sa.Column('stage', KEY, nullable=False),
        sa.Column('direction', KEY, nullable=False),
        sa.Column('status', KEY, nullable=False),
        sa.Column('tier', KEY, nullable=False),
        sa.Column('worth', KEY, nullable=False),
        sa.Column('state', KEY, nullable=False),
        sa.Column('county', KEY, nullable=False),
        sa.Column('agency_id', KEY, nullable=False),
        sa.Column('model', KEY, nullable=False),
        sa.Column('bill', KEY, nullable=False),
        sa.Column('instrument', KEY, nullable=False),
        sa.Column('target', KEY, nullable=False),
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('day', KEY, nullable=False),
        sa.Column('recorded_day', KEY, nullable=False),
        sa.Column('recorded_at', MOMENT, nullable=False),
        sa.Column('public_at', MOMENT, nullable=False),
        sa.Column('last_recorded_at', MOMENT, nullable=False),
        sa.Column('last_public_at', MOMENT, nullable=False),
        sa.Column('last_sequence', NUMBER, nullable=False),
        sa.Column('silent', sa.Boolean(), nullable=False),
        sa.Column('merged', sa.Boolean(), nullable=False),
        sa.Column('merged_into', KEY, nullable=False),
        sa.PrimaryKeyConstraint('sequence'),
        sa.UniqueConstraint('id')
    )
    op.create_index('event_by_agency', 'event', ['agency_id', 'sequence'])
    op.create_index('event_by_bill', 'event', ['bill', 'sequence'])
    op.create_index('event_by_change', 'event', ['last_recorded_at', 'last_sequence', 'recorded_at'])
    op.create_index('event_by_county', 'event', ['county', 'sequence'])
    op.create_index('event_by_day', 'event', ['day'])
    op.create_index('event_by_model', 'event', ['model', 'sequence', 'event_type', 'state', 'status', 'tier', 'direction', 'day', 'recorded_day', 'silent', 'merged', 'worth'])
    op.create_index('event_by_publication', 'event', ['last_public_at', 'public_at'])
    op.create_index('event_by_recorded_day', 'event', ['recorded_day', 'sequence', 'silent', 'merged', 'worth'])
    op.create_index('event_by_source', 'event', ['source_id', 'sequence'])
    op.create_index('event_by_stage', 'event', ['stage', 'sequence', 'worth'])
    op.create_index('event_by_state', 'event', ['state', 'sequence', 'event_type', 'status', 'tier', 'model', 'direction', 'day', 'recorded_day', 'silent', 'merged', 'worth'])
    op.create_index('event_by_status', 'event', ['status', 'sequence', 'event_type', 'state', 'tier', 'model', 'direction', 'day', 'recorded_day', 'silent', 'merged', 'worth'])
    op.create_index('event_by_tier', 'event', ['tier', 'sequence', 'event_type', 'state', 'status', 'model', 'direction', 'day', 'recorded_day', 'silent', 'merged', 'worth'])
    op.create_index('event_by_type', 'event', ['event_type', 'sequence', 'state', 'status', 'tier', 'model', 'direction', 'day', 'recorded_day', 'silent', 'merged', 'worth'])
    op.create_table('event_key',
        sa.Column('key', KEY, nullable=False),
        sa.Column('sequence', NUMBER, nullable=False),
        sa.PrimaryKeyConstraint('key', 'sequence')
    )
    op.create_index('ix_event_key_sequence', 'event_key', ['sequence'])
    op.create_table('evidence',
        sa.Column('event_id', KEY, nullable=False),
        sa.Column('snapshot_id', KEY, nullable=False),
        sa.Column('body_hash', KEY, nullable=False),
        sa.PrimaryKeyConstraint('event_id', 'snapshot_id')
    )
    op.create_index('ix_evidence_body_hash', 'evidence', ['body_hash'])
    op.create_table('fact',
        sa.Column('name', KEY, nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name')
    )
    op.create_table('health',
        sa.Column('number', NUMBER, nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('kind', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('number')
    )
    op.create_index('health_by_source', 'health', ['source_id', 'at', 'number'])
    op.create_index('health_by_time', 'health', ['at', 'number'])
    op.create_table('item',
        sa.Column('id', KEY, nullable=False),
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('gone', sa.Boolean(), nullable=False),
        sa.Column('captured_at', MOMENT, nullable=False),
        sa.PrimaryKeyConstraint('id')
    )
    op.create_index('item_by_source', 'item', ['source_id', 'gone'])
    op.create_index('item_by_time', 'item', ['captured_at'])
    op.create_table('label',
        sa.Column('number', NUMBER, nullable=False),
        sa.Column('item_id', KEY, nullable=False),
        sa.Column('verdict', KEY, nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('number')
    )
    op.create_index('ix_label_item_id', 'label', ['item_id'])
    op.create_table('ledger',
        sa.Column('name', KEY, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('state', sa.LargeBinary(), nullable=False),
        sa.Column('counts', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name')
    )
    op.create_table('ledger_outcome',
        sa.Column('sequence', NUMBER, nullable=False),
        sa.Column('ledger', KEY, nullable=False),
        sa.Column('agreement_id', KEY, nullable=False),
        sa.Column('outcome', KEY, nullable=False),
        sa.Column('told_at', MOMENT, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('sequence')
    )
    op.create_index('ledger_outcome_by_agreement', 'ledger_outcome', ['agreement_id', 'sequence'])
    op.create_index('ledger_outcome_by_time', 'ledger_outcome', ['told_at', 'sequence'])
    op.create_table('record',
        sa.Column('sequence', NUMBER, autoincrement=False, nullable=False),
        sa.Column('id', KEY, nullable=False),
        sa.Column('event_id', KEY, nullable=False),
        sa.Column('kind', KEY, nullable=False),
        sa.Column('chain', KEY, nullable=False),
        sa.Column('recorded_at', MOMENT, nullable=False),
        sa.Column('public_at', MOMENT, nullable=False),
        sa.Column('told', sa.Boolean(), nullable=False),
        sa.Column('previous_hash', KEY, nullable=False),
        sa.Column('hash', KEY, nullable=False),
        sa.Column('event', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('sequence'),
        sa.UniqueConstraint('id')
    )
    op.create_index('record_by_chain', 'record', ['chain', 'sequence'])
    op.create_index('record_by_event', 'record', ['event_id', 'sequence'])
    op.create_index('record_by_time', 'record', ['recorded_at', 'sequence'])
    op.create_table('revision',
        sa.Column('item_id', KEY, nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('snapshot_id', KEY, nullable=False),
        sa.Column('captured_at', MOMENT, nullable=False),
        sa.Column('gone', sa.Boolean(), nullable=False),
        sa.Column('digest', KEY, nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('item_id', 'number')
    )
    op.create_index('ix_revision_snapshot_id', 'revision', ['snapshot_id'])
    op.create_table('snapshot',
        sa.Column('id', KEY, nullable=False),
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('captured_at', MOMENT, nullable=False),
        sa.Column('body_hash', KEY, nullable=False),
        sa.Column('size_bytes', NUMBER, nullable=False),
        sa.Column('pruned', sa.Boolean(), nullable=False),
        sa.Column('hash', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_snapshot_body_hash', 'snapshot', ['body_hash'])
    op.create_index('snapshot_by_source', 'snapshot', ['source_id', 'captured_at', 'id'])
    op.create_index('snapshot_by_time', 'snapshot', ['captured_at', 'id'])
    op.create_table('source_state',
        sa.Column('source_id', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('source_id')
    )
    op.create_table('subscription',
        sa.Column('id', KEY, nullable=False),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('destination', KEY, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_subscription_destination', 'subscription', ['destination'])
    op.create_table('taking',
        sa.Column('number', NUMBER, nullable=False),
        sa.Column('snapshot_id', KEY, nullable=False),
        sa.Column('sequence', NUMBER, nullable=False),
        sa.Column('records', sa.Integer(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('number')
    )
    op.create_index('ix_taking_snapshot_id', 'taking', ['snapshot_id'])

    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in POSTGRESQL_TEXTS if postgres else SQLITE_TEXTS:
        op.execute(statement)


def downgrade() -> None:
    """Refused: a log is never made to forget."""
    raise RuntimeError("downgrade is refused; restore the backup made before the upgrade")
