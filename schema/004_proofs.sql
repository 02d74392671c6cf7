-- SPDX-License-Identifier: MIT
-- Proofs of keys.

-- The last outcome for each key and store: whether the store showed the key and signed with it.
CREATE TABLE proofs (
	key INTEGER NOT NULL REFERENCES keys (id),
	store TEXT NOT NULL, -- as stores.conf names it, or "files"
	good INTEGER NOT NULL CHECK (good IN (0, 1)),
	since INTEGER NOT NULL, -- it is so since then
	tried INTEGER NOT NULL,
	proven INTEGER NOT NULL, -- the last time that it was good; 0: never
	shown INTEGER NOT NULL CHECK (shown BETWEEN 0 AND 15), -- bits: public key, tag, challenge, RRset
	message TEXT, -- what went wrong
	PRIMARY KEY (key, store),
	CHECK ((good = 1) = (message IS NULL))
) STRICT, WITHOUT ROWID;
