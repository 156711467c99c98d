CREATE TABLE agreement (
	id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	ledger VARCHAR NOT NULL, 
	told_at VARCHAR(27) NOT NULL, 
	newest BOOLEAN NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id, version)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE chain (
	name VARCHAR NOT NULL, 
	sequence INTEGER NOT NULL, 
	length INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE checkpoint (
	number INTEGER NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	sequence INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE claim (
	id VARCHAR NOT NULL, 
	item_id VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	source_id VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE delivery (
	number INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	subscription_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	destination VARCHAR NOT NULL, 
	event_ids TEXT NOT NULL, 
	record_ids TEXT NOT NULL, 
	digest_id VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	not_before VARCHAR(27), 
	created_at VARCHAR(27) NOT NULL, 
	attempted_at VARCHAR(27), 
	sent_at VARCHAR(27), 
	external_id TEXT NOT NULL, 
	parent_external_id TEXT NOT NULL, 
	plain BOOLEAN NOT NULL, 
	error TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (id)
);
CREATE TABLE delivery_event (
	event_id VARCHAR NOT NULL, 
	delivery_id VARCHAR NOT NULL, 
	PRIMARY KEY (event_id, delivery_id)
);
CREATE TABLE digest (
	id VARCHAR NOT NULL, 
	subscription_id VARCHAR NOT NULL, 
	window_start VARCHAR(27) NOT NULL, 
	window_end VARCHAR(27) NOT NULL, 
	public BOOLEAN NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE event (
	sequence INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	event_type VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	tier VARCHAR NOT NULL, 
	worth VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	county VARCHAR NOT NULL, 
	agency_id VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	bill VARCHAR NOT NULL, 
	instrument VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	source_id VARCHAR NOT NULL, 
	day VARCHAR NOT NULL, 
	recorded_day VARCHAR NOT NULL, 
	recorded_at VARCHAR(27) NOT NULL, 
	public_at VARCHAR(27) NOT NULL, 
	last_recorded_at VARCHAR(27) NOT NULL, 
	last_public_at VARCHAR(27) NOT NULL, 
	last_sequence INTEGER NOT NULL, 
	silent BOOLEAN NOT NULL, 
	merged BOOLEAN NOT NULL, 
	merged_into VARCHAR NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
CREATE TABLE event_key (
	"key" VARCHAR NOT NULL, 
	sequence INTEGER NOT NULL, 
	PRIMARY KEY ("key", sequence)
);
CREATE VIRTUAL TABLE event_text USING fts5(body, agency, place, tokenize='ascii');
CREATE TABLE evidence (
	event_id VARCHAR NOT NULL, 
	snapshot_id VARCHAR NOT NULL, 
	body_hash VARCHAR NOT NULL, 
	PRIMARY KEY (event_id, snapshot_id)
);
CREATE TABLE fact (
	name VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE health (
	number INTEGER NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	source_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE item (
	id VARCHAR NOT NULL, 
	source_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	gone BOOLEAN NOT NULL, 
	captured_at VARCHAR(27) NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE label (
	number INTEGER NOT NULL, 
	item_id VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	note TEXT NOT NULL, 
	body BLOB NOT NULL, 
	PRIMARY KEY (number)
);
CREATE TABLE ledger (
	name VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	state BLOB NOT NULL, 
	counts TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE ledger_outcome (
	sequence INTEGER NOT NULL, 
	ledger VARCHAR NOT NULL, 
	agreement_id VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	told_at VARCHAR(27) NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (sequence)
);
CREATE TABLE record (
	sequence INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	event_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	chain VARCHAR NOT NULL, 
	recorded_at VARCHAR(27) NOT NULL, 
	public_at VARCHAR(27) NOT NULL, 
	told BOOLEAN NOT NULL, 
	previous_hash VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	event TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (sequence), 
	UNIQUE (id)
);
CREATE TABLE revision (
	item_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	snapshot_id VARCHAR NOT NULL, 
	captured_at VARCHAR(27) NOT NULL, 
	gone BOOLEAN NOT NULL, 
	digest VARCHAR NOT NULL, 
	body BLOB NOT NULL, 
	PRIMARY KEY (item_id, number)
);
CREATE TABLE snapshot (
	id VARCHAR NOT NULL, 
	source_id VARCHAR NOT NULL, 
	captured_at VARCHAR(27) NOT NULL, 
	body_hash VARCHAR NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	pruned BOOLEAN NOT NULL, 
	hash VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE source_state (
	source_id VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (source_id)
);
CREATE TABLE subscription (
	id VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	destination VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE taking (
	number INTEGER NOT NULL, 
	snapshot_id VARCHAR NOT NULL, 
	sequence INTEGER NOT NULL, 
	records INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number)
);
CREATE INDEX agreement_by_time ON agreement (told_at);
CREATE INDEX claim_by_item ON claim (item_id, revision);
CREATE INDEX delivery_by_subscription ON delivery (subscription_id, created_at);
CREATE INDEX delivery_due ON delivery (state, channel, destination, number);
CREATE INDEX digest_window ON digest (subscription_id, window_end);
CREATE INDEX event_by_agency ON event (agency_id, sequence);
CREATE INDEX event_by_bill ON event (bill, sequence);
CREATE INDEX event_by_change ON event (last_recorded_at, last_sequence, recorded_at);
CREATE INDEX event_by_county ON event (county, sequence);
CREATE INDEX event_by_day ON event (day);
CREATE INDEX event_by_model ON event (model, sequence, event_type, state, status, tier, direction, day, recorded_day, silent, merged, worth);
CREATE INDEX event_by_publication ON event (last_public_at, public_at);
CREATE INDEX event_by_recorded_day ON event (recorded_day, sequence, silent, merged, worth);
CREATE INDEX event_by_source ON event (source_id, sequence);
CREATE INDEX event_by_stage ON event (stage, sequence, worth);
CREATE INDEX event_by_state ON event (state, sequence, event_type, status, tier, model, direction, day, recorded_day, silent, merged, worth);
CREATE INDEX event_by_status ON event (status, sequence, event_type, state, tier, model, direction, day, recorded_day, silent, merged, worth);
CREATE INDEX event_by_tier ON event (tier, sequence, event_type, state, status, model, direction, day, recorded_day, silent, merged, worth);
CREATE INDEX event_by_type ON event (event_type, sequence, state, status, tier, model, direction, day, recorded_day, silent, merged, worth);
CREATE INDEX health_by_source ON health (source_id, at, number);
CREATE INDEX health_by_time ON health (at, number);
CREATE INDEX item_by_source ON item (source_id, gone);
CREATE INDEX item_by_time ON item (captured_at);
CREATE INDEX ix_agreement_newest ON agreement (newest);
CREATE INDEX ix_claim_source_id ON claim (source_id);
CREATE INDEX ix_delivery_destination ON delivery (destination);
CREATE INDEX ix_digest_window_end ON digest (window_end);
CREATE INDEX ix_event_key_sequence ON event_key (sequence);
CREATE INDEX ix_evidence_body_hash ON evidence (body_hash);
CREATE INDEX ix_label_item_id ON label (item_id);
CREATE INDEX ix_revision_snapshot_id ON revision (snapshot_id);
CREATE INDEX ix_snapshot_body_hash ON snapshot (body_hash);
CREATE INDEX ix_subscription_destination ON subscription (destination);
CREATE INDEX ix_taking_snapshot_id ON taking (snapshot_id);
CREATE INDEX ledger_outcome_by_agreement ON ledger_outcome (agreement_id, sequence);
CREATE INDEX ledger_outcome_by_time ON ledger_outcome (told_at, sequence);
CREATE INDEX record_by_chain ON record (chain, sequence);
CREATE INDEX record_by_event ON record (event_id, sequence);
CREATE INDEX record_by_time ON record (recorded_at, sequence);
CREATE INDEX snapshot_by_source ON snapshot (source_id, captured_at, id);
CREATE INDEX snapshot_by_time ON snapshot (captured_at, id);
INSERT INTO agreement (id, version, ledger, told_at, newest, body) VALUES ('alpha|TX|TFM', 1, 'ice-roster', '2025-06-02T12:00:00.123456Z', 1, '{"first_listed_at":"2025-06-02T12:00:00.123456Z","id":"alpha|TX|TFM","last_seen_at":"2025-06-02T12:00:00.123456Z","row":{"agency":"Alpha","agency_id":"alpha","model":"TFM","state":"TX"},"state":"active"}');
INSERT INTO alembic_version (version_num) VALUES ('0001');
INSERT INTO chain (name, sequence, length, hash) VALUES ('herald', 5, 4, '86d436eb2dad6263c68f419a83609afe5dcc76e6675b055c9895da58ed39707a');
INSERT INTO chain (name, sequence, length, hash) VALUES ('people', 4, 1, '73300725e33e91910b58a2db03e7c9f10ce88e0bcbef27ee16c1571ddf166212');
INSERT INTO checkpoint (number, at, sequence, hash, body) VALUES (1, '2025-06-03T12:00:00.123456Z', 5, '85c48419bba6786ac75097f81411fbe35485720cfaa9c20b3d5623d83315962e', '{"at":"2025-06-03T12:00:00.123456Z","chains":[["herald",5,4,"86d436eb2dad6263c68f419a83609afe5dcc76e6675b055c9895da58ed39707a"],["people",4,1,"73300725e33e91910b58a2db03e7c9f10ce88e0bcbef27ee16c1571ddf166212"]],"previous":"0000000000000000000000000000000000000000000000000000000000000000"}');
INSERT INTO claim (id, item_id, revision, source_id, body) VALUES ('66822dd81fefcb593c7d2b7dcce96985', '2f62da9ab5e8708ca70e1d94bd34aa9f', 1, 'herald', '{"finding":{"direction":"toward_cooperation","event_type":"agreement_signed","jurisdiction":{"state":"TX"},"quote":{"end":6,"start":0,"text":"signed"},"rule":"agreement","rule_version":"1","stage":"signed","worth":"alert"},"item_id":"2f62da9ab5e8708ca70e1d94bd34aa9f","kind":"news","locator":"chars 0-6","revision":1,"slot":0,"snapshot_id":"a2b772c5f19af86bff6f85134debbb3e","source_id":"herald","tier":"press","title":"A","url":"https://herald.example/a"}');
INSERT INTO delivery (number, id, subscription_id, kind, channel, destination, event_ids, record_ids, digest_id, state, attempts, not_before, created_at, attempted_at, sent_at, external_id, parent_external_id, plain, error, body) VALUES (1, 'delivery-0', 'desk', 'alert', 'slack', 'canary-reader@example.org', '["dccff7ba2990d4d8c86e810d95d946bc"]', '[]', '', 'queued', 0, NULL, '2025-06-02T12:00:00.123456Z', NULL, NULL, '', '', 0, '', '');
INSERT INTO delivery_event (event_id, delivery_id) VALUES ('dccff7ba2990d4d8c86e810d95d946bc', 'delivery-0');
INSERT INTO digest (id, subscription_id, window_start, window_end, public, body) VALUES ('d', 'desk', '2025-06-02T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', 0, '{"end":"2025-06-03T12:00:00.123456Z","id":"d","made_at":"2025-06-02T12:00:00.123456Z","start":"2025-06-02T12:00:00.123456Z","subscription_id":"desk"}');
INSERT INTO event (sequence, id, event_type, stage, direction, status, tier, worth, state, county, agency_id, model, bill, instrument, target, source_id, day, recorded_day, recorded_at, public_at, last_recorded_at, last_public_at, last_sequence, silent, merged, merged_into) VALUES (1, 'dccff7ba2990d4d8c86e810d95d946bc', 'agreement_signed', 'signed', 'toward_cooperation', 'on_roster', 'press', 'alert', 'TX', '48113', '', '', '', '', '', 'herald', '2025-06-02', '2025-06-02', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', 5, 0, 0, '');
INSERT INTO event (sequence, id, event_type, stage, direction, status, tier, worth, state, county, agency_id, model, bill, instrument, target, source_id, day, recorded_day, recorded_at, public_at, last_recorded_at, last_public_at, last_sequence, silent, merged, merged_into) VALUES (2, 'fd646d26cee227b77d71d615238ce3c7', 'agreement_signed', 'signed', 'toward_cooperation', 'reported', 'press', 'review', 'federal', '', '', '', '', '', '', 'herald', '2025-06-02', '2025-06-02', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', 2, 0, 0, '');
INSERT INTO event (sequence, id, event_type, stage, direction, status, tier, worth, state, county, agency_id, model, bill, instrument, target, source_id, day, recorded_day, recorded_at, public_at, last_recorded_at, last_public_at, last_sequence, silent, merged, merged_into) VALUES (3, 'fa11cec6362bddb02111b87a94fb0737', 'agreement_signed', 'signed', 'toward_cooperation', 'reported', 'press', 'review', 'TX', '48113', '', '', '', '', '', 'herald', '2025-06-02', '2025-06-02', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', 4, 0, 0, '');
INSERT INTO event_key (key, sequence) VALUES ('key-0', 1);
INSERT INTO event_key (key, sequence) VALUES ('key-1', 2);
INSERT INTO event_key (key, sequence) VALUES ('key-2', 3);
INSERT INTO event_text (rowid, body, agency, place) VALUES (1, 'agreement 0 signed signed xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx dallas county sheriffs office dallas tx', 'dallas county sheriffs office', 'dallas');
INSERT INTO event_text (rowid, body, agency, place) VALUES (2, 'canary draft dallas county sheriffs office', 'dallas county sheriffs office', '');
INSERT INTO event_text (rowid, body, agency, place) VALUES (3, 'accepted by a person dallas county sheriffs office dallas tx', 'dallas county sheriffs office', 'dallas');
INSERT INTO evidence (event_id, snapshot_id, body_hash) VALUES ('dccff7ba2990d4d8c86e810d95d946bc', '046c0151a5a75b7b5ba082a30eb493f6', '12a6396f4679fbe34a26ad0f1dcfaf234a7d27f6127a291786d5e4f6b43d3522');
INSERT INTO fact (name, value) VALUES ('told', 'yes');
INSERT INTO health (number, at, source_id, kind, body) VALUES (1, '2025-06-02T12:00:00.123456Z', '', 'ok', '{"at":"2025-06-02T12:00:00.123456Z","kind":"ok","message":"fine"}');
INSERT INTO item (id, source_id, number, gone, captured_at) VALUES ('2f62da9ab5e8708ca70e1d94bd34aa9f', 'herald', 1, 0, '2025-06-02T12:00:00.123456Z');
INSERT INTO label (number, item_id, verdict, at, note, body) VALUES (1, '2f62da9ab5e8708ca70e1d94bd34aa9f', 'relevant', '2025-06-02T12:00:00.123456Z', '', X'28B52FFD2473FD0200F286151890B56DB8CC90D86916110C342C8974665C7C9EC4D4DD2B0405A3792A01221F50A23E197387DA4D3EA72E173F4FB18A86AE6B151E7B5A230CB3CC4558A238C0E3F3225F17A3447DF21915801F5DC6E162F43979C084010064C1840234242937');
INSERT INTO ledger (name, version, state, counts) VALUES ('ice-roster', 1, X'6F7061717565', '{"active":1,"ended":0,"held":0,"unconfirmed":0}');
INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, previous_hash, hash, event, body) VALUES (1, '9ef0a55c0937e727decc987778778307', 'dccff7ba2990d4d8c86e810d95d946bc', 'opened', 'herald', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', 1, '0000000000000000000000000000000000000000000000000000000000000000', '64b1a2aadc2740a23f319551be19b0e37460b04b71518a0c598d92bc1364b187', '{"agency":"Dallas County Sheriff''s Office","amount":12.5,"captured_at":"2025-06-02T12:00:00.123456Z","direction":"toward_cooperation","event_key":"key-0","event_type":"agreement_signed","evidence":[{"body_hash":"12a6396f4679fbe34a26ad0f1dcfaf234a7d27f6127a291786d5e4f6b43d3522","captured_at":"2025-06-02T12:00:00.123456Z","claim_id":"66822dd81fefcb593c7d2b7dcce96985","snapshot_id":"046c0151a5a75b7b5ba082a30eb493f6","source_id":"herald","title":"A","url":"https://herald.example/a"}],"id":"dccff7ba2990d4d8c86e810d95d946bc","jurisdiction":{"county":"48113","place":"Dallas","state":"TX"},"quote":"=signed xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","recorded_at":"2025-06-02T12:00:00.123456Z","source_id":"herald","stage":"signed","status":"reported","tier":"press","title":"Agreement 0 signed","updated_at":"2025-06-02T12:00:00.123456Z","worth":"alert"}', '{"chain":"herald","claim":{"finding":{"direction":"toward_cooperation","event_type":"agreement_signed","jurisdiction":{"state":"TX"},"quote":{"end":6,"start":0,"text":"signed"},"rule":"agreement","rule_version":"1","stage":"signed","worth":"alert"},"item_id":"2f62da9ab5e8708ca70e1d94bd34aa9f","kind":"news","locator":"chars 0-6","revision":1,"slot":0,"snapshot_id":"a2b772c5f19af86bff6f85134debbb3e","source_id":"herald","tier":"press","title":"A","url":"https://herald.example/a"},"id":"9ef0a55c0937e727decc987778778307","kind":"opened","recorded_at":"2025-06-02T12:00:00.123456Z","told":true}');
INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, previous_hash, hash, event, body) VALUES (2, '5e4dd36b9f2ca73e69a64154da2cf87a', 'fd646d26cee227b77d71d615238ce3c7', 'opened', 'herald', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', 1, '64b1a2aadc2740a23f319551be19b0e37460b04b71518a0c598d92bc1364b187', 'eb41c94ba4890f452b619d3d97b20d1b538dbf4bc1edfb73373ae7d6a662382a', '{"agency":"Dallas County Sheriff''s Office","captured_at":"2025-06-02T12:00:00.123456Z","direction":"toward_cooperation","event_key":"key-1","event_type":"agreement_signed","id":"fd646d26cee227b77d71d615238ce3c7","jurisdiction":{},"recorded_at":"2025-06-02T12:00:00.123456Z","source_id":"herald","stage":"signed","status":"reported","tier":"press","title":"canary draft","updated_at":"2025-06-02T12:00:00.123456Z","worth":"review"}', '{"chain":"herald","id":"5e4dd36b9f2ca73e69a64154da2cf87a","kind":"opened","recorded_at":"2025-06-02T12:00:00.123456Z","told":true}');
INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, previous_hash, hash, event, body) VALUES (3, '60e4b8b7566ba6d59898af9a9bd2a1e7', 'fa11cec6362bddb02111b87a94fb0737', 'opened', 'herald', '2025-06-02T12:00:00.123456Z', '2025-06-02T12:00:00.123456Z', 1, 'eb41c94ba4890f452b619d3d97b20d1b538dbf4bc1edfb73373ae7d6a662382a', 'c937d4cd56fa6c9b3bd40a22a9df4ad64a77a8fa4a665abe0a6e8630f0437497', '{"agency":"Dallas County Sheriff''s Office","captured_at":"2025-06-02T12:00:00.123456Z","direction":"toward_cooperation","event_key":"key-2","event_type":"agreement_signed","id":"fa11cec6362bddb02111b87a94fb0737","jurisdiction":{"county":"48113","place":"Dallas","state":"TX"},"recorded_at":"2025-06-02T12:00:00.123456Z","source_id":"herald","stage":"signed","status":"reported","tier":"press","title":"accepted by a person","updated_at":"2025-06-02T12:00:00.123456Z","worth":"review"}', '{"chain":"herald","id":"60e4b8b7566ba6d59898af9a9bd2a1e7","kind":"opened","recorded_at":"2025-06-02T12:00:00.123456Z","told":true}');
INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, previous_hash, hash, event, body) VALUES (4, '9804e21130cac6168fd24e7215430d43', 'fa11cec6362bddb02111b87a94fb0737', 'reviewed', 'people', '2025-06-03T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', 1, '0000000000000000000000000000000000000000000000000000000000000000', '73300725e33e91910b58a2db03e7c9f10ce88e0bcbef27ee16c1571ddf166212', '{"agency":"Dallas County Sheriff''s Office","captured_at":"2025-06-02T12:00:00.123456Z","direction":"toward_cooperation","event_key":"key-2","event_type":"agreement_signed","id":"fa11cec6362bddb02111b87a94fb0737","jurisdiction":{"county":"48113","place":"Dallas","state":"TX"},"recorded_at":"2025-06-02T12:00:00.123456Z","source_id":"herald","stage":"signed","status":"reported","tier":"press","title":"accepted by a person","updated_at":"2025-06-02T12:00:00.123456Z","worth":"review"}', '{"chain":"people","id":"9804e21130cac6168fd24e7215430d43","kind":"reviewed","recorded_at":"2025-06-03T12:00:00.123456Z","told":true}');
INSERT INTO record (sequence, id, event_id, kind, chain, recorded_at, public_at, told, previous_hash, hash, event, body) VALUES (5, 'bdac27aeb2b9e1fa690e1cda9271d9ca', 'dccff7ba2990d4d8c86e810d95d946bc', 'climbed', 'herald', '2025-06-03T12:00:00.123456Z', '2025-06-03T12:00:00.123456Z', 1, 'c937d4cd56fa6c9b3bd40a22a9df4ad64a77a8fa4a665abe0a6e8630f0437497', '86d436eb2dad6263c68f419a83609afe5dcc76e6675b055c9895da58ed39707a', '{"agency":"Dallas County Sheriff''s Office","amount":12.5,"captured_at":"2025-06-02T12:00:00.123456Z","direction":"toward_cooperation","event_key":"key-0","event_type":"agreement_signed","evidence":[{"body_hash":"12a6396f4679fbe34a26ad0f1dcfaf234a7d27f6127a291786d5e4f6b43d3522","captured_at":"2025-06-02T12:00:00.123456Z","claim_id":"66822dd81fefcb593c7d2b7dcce96985","snapshot_id":"046c0151a5a75b7b5ba082a30eb493f6","source_id":"herald","title":"A","url":"https://herald.example/a"}],"id":"dccff7ba2990d4d8c86e810d95d946bc","jurisdiction":{"county":"48113","place":"Dallas","state":"TX"},"quote":"=signed xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","recorded_at":"2025-06-02T12:00:00.123456Z","source_id":"herald","stage":"signed","status":"on_roster","tier":"press","title":"Agreement 0 signed","updated_at":"2025-06-03T12:00:00.123456Z","worth":"alert"}', '{"chain":"herald","id":"bdac27aeb2b9e1fa690e1cda9271d9ca","kind":"climbed","recorded_at":"2025-06-03T12:00:00.123456Z","told":true}');
INSERT INTO revision (item_id, number, snapshot_id, captured_at, gone, digest, body) VALUES ('2f62da9ab5e8708ca70e1d94bd34aa9f', 1, 'a2b772c5f19af86bff6f85134debbb3e', '2025-06-02T12:00:00.123456Z', 0, 'e7d20314d2fcd116dd6fc24826aa0b5c', X'28B52FFD2473FD0200F286151890B56DB8CC90D86916110C342C8974665C7C9EC4D4DD2B0405A3792A01221F50A23E197387DA4D3EA72E173F4FB18A86AE6B151E7B5A230CB3CC4558A238C0E3F3225F17A3447DF21915801F5DC6E162F43979C084010064C1840234242937');
INSERT INTO snapshot (id, source_id, captured_at, body_hash, size_bytes, pruned, hash, body) VALUES ('046c0151a5a75b7b5ba082a30eb493f6', 'herald', '2025-06-02T12:00:00.123456Z', '12a6396f4679fbe34a26ad0f1dcfaf234a7d27f6127a291786d5e4f6b43d3522', 47, 0, 'd71a135c3584d5c3fc62b0f54d8f1f7c77af2e392a946388025392c968d670fb', '{"captured_at":"2025-06-02T12:00:00.123456Z","final_url":"https://herald.example/a","headers":[["content-type","text/html"]],"request":{"context":[["title","A"]],"url":"https://herald.example/a"},"source_id":"herald","status":200}');
INSERT INTO source_state (source_id, body) VALUES ('herald', '{"cursor":"1","source_id":"herald"}');
INSERT INTO subscription (id, active, destination, body) VALUES ('desk', 1, 'canary-reader@example.org', '{"channel":"email","destination":"canary-reader@example.org","filter":"","id":"desk"}');
