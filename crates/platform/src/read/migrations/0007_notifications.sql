-- Accounts with an address on some channel: only for them is anything queued.
CREATE TABLE recipients(account_id TEXT PRIMARY KEY, chosen_at BIGINT NOT NULL);

-- One message to one person on one channel. `at`: when it is due; `lease`: until when a node has taken it to send it (no fact).
CREATE TABLE deliveries(
  id TEXT PRIMARY KEY, message_id TEXT NOT NULL, case_id TEXT NOT NULL, account_id TEXT NOT NULL, channel TEXT NOT NULL, class TEXT NOT NULL,
  digest BIGINT NOT NULL, state TEXT NOT NULL, at BIGINT NOT NULL, failures BIGINT NOT NULL, queued_at BIGINT NOT NULL,
  happened_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL, title TEXT NOT NULL, reason TEXT NOT NULL, lease BIGINT NOT NULL);
CREATE INDEX deliveries_due ON deliveries(at, id) WHERE state = 'waiting';
CREATE INDEX deliveries_digest ON deliveries(account_id, channel, at, id) WHERE state = 'waiting' AND digest = 1;
CREATE INDEX deliveries_message ON deliveries(message_id);
CREATE INDEX deliveries_case ON deliveries(case_id, queued_at, id) WHERE case_id <> '';

INSERT INTO followers(name, tx, seq) VALUES('notification', '0', 0);
