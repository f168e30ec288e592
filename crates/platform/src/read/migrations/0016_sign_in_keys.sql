-- 证书和通行密钥: keys of a person that prove a sign-in besides the password. Credentials, not facts (decision 0004).
-- kind: sm2 or passkey; mark: fingerprint of the key, the same key once for an account; data: what verifies (PEM, or the passkey
-- with its counter); until: end of the certificate, 0 without one.
CREATE TABLE sign_in_keys(
  id TEXT PRIMARY KEY, account_id TEXT NOT NULL, kind TEXT NOT NULL, mark TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
  until BIGINT NOT NULL, at BIGINT NOT NULL, used_at BIGINT NOT NULL);
CREATE UNIQUE INDEX sign_in_keys_account ON sign_in_keys(account_id, kind, mark);
-- One challenge of a kind and purpose for a session; it is gone once it was answered.
CREATE TABLE challenges(
  session_id TEXT NOT NULL, kind TEXT NOT NULL, purpose TEXT NOT NULL, data TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY(session_id, kind, purpose));
CREATE INDEX challenges_at ON challenges(at);
-- 统一身份: the outside subject an account is bound to, one for each.
CREATE TABLE outside_subjects(
  account_id TEXT PRIMARY KEY, face TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL,
  used_at BIGINT NOT NULL);
CREATE UNIQUE INDEX outside_subjects_subject ON outside_subjects(face, issuer, subject);
-- A journey to the provider under way, by the hash of its state; sealed: nonce and verifier.
CREATE TABLE journeys(
  id TEXT PRIMARY KEY, browser TEXT NOT NULL, session_id TEXT NOT NULL, face TEXT NOT NULL, sealed TEXT NOT NULL, next TEXT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX journeys_at ON journeys(at);
