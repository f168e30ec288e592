-- HMAC-SM3 over a stream's row under a key outside of the database (S-25); empty: imported or older than this step.
ALTER TABLE stream ADD COLUMN mac TEXT NOT NULL DEFAULT '';
