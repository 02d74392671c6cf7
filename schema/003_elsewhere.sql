-- SPDX-License-Identifier: MIT
-- Keys that live elsewhere.

-- Key ceremonies: requests that were made here, responses that were signed here, responses that were taken here.
CREATE TABLE ceremonies (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	kind TEXT NOT NULL CHECK (kind IN ('request', 'signed', 'response')),
	number INTEGER NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32), -- of the text
	begins INTEGER NOT NULL,
	ends INTEGER NOT NULL CHECK (ends > begins),
	made INTEGER NOT NULL,
	replaced INTEGER NOT NULL DEFAULT 0, -- not used from then on; 0: it is
	text TEXT NOT NULL
) STRICT;

CREATE INDEX ceremonies_of_zone ON ceremonies (zone, kind, id);

-- A person says that a backup holds the key; 0: nobody did.
ALTER TABLE keys ADD COLUMN backed_up INTEGER NOT NULL DEFAULT 0;

-- Since when a key that may be stolen is to leave at once, whatever caches hold; 0: not.
ALTER TABLE keys ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
