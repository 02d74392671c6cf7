-- SPDX-License-Identifier: MIT
-- The gate: planned changes, and what is rolled back; key rolls that are spread over runs.

-- One change limit that the zone with one serial may pass, once.
CREATE TABLE expected_changes (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	serial INTEGER NOT NULL CHECK (serial BETWEEN 0 AND 4294967295),
	change_limit TEXT NOT NULL CHECK (change_limit IN ('records', 'removed', 'added', 'ns', 'ds')),
	reason TEXT NOT NULL CHECK (reason != ''),
	actor TEXT NOT NULL,
	given INTEGER NOT NULL,
	expires INTEGER NOT NULL CHECK (expires > given),
	withdrawn INTEGER NOT NULL DEFAULT 0, -- when; 0: it was not
	version INTEGER REFERENCES versions (id), -- the last publication that was to pass by it
	used INTEGER NOT NULL DEFAULT 0, -- when that was published; 0: not yet
	CHECK (used = 0 OR (version IS NOT NULL AND withdrawn = 0))
) STRICT;

CREATE INDEX expected_changes_of_zone ON expected_changes (zone, id);

-- What is rolled back by the version, as which serial, and why; its publication holds the input. NULL: nothing.
ALTER TABLE versions ADD COLUMN rolled_back TEXT;

-- Its content was rolled back: the input is not read since then; 0: it is.
ALTER TABLE zones ADD COLUMN input_held_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE zones ADD COLUMN input_held_reason TEXT CHECK ((input_held_since = 0) = (input_held_reason IS NULL));

-- The name servers that a zone is asked of after publication, and what each served.
CREATE TABLE name_servers (
	zone INTEGER NOT NULL REFERENCES zones (id),
	server TEXT NOT NULL, -- "192.0.2.1", "2001:db8::1@5353"
	asked INTEGER NOT NULL DEFAULT 0, -- last; 0: not yet
	answered INTEGER NOT NULL DEFAULT 0, -- last time that its answer was of use; 0: never
	serial INTEGER CHECK (serial BETWEEN 0 AND 4294967295), -- that it served then; NULL: never
	expires INTEGER NOT NULL DEFAULT 0, -- when the first signature of its SOA and DNSKEY ends; 0: it shows none
	behind_since INTEGER NOT NULL DEFAULT 0, -- when what it does not serve was published; 0: it is not behind
	failing_since INTEGER NOT NULL DEFAULT 0, -- since when no answer is of use; 0: they are
	failure TEXT CHECK ((failing_since = 0) = (failure IS NULL)),
	PRIMARY KEY (zone, server)
) STRICT;

-- Tells this keystore and its copies from any other, for what is written outside of it: pages of HTML.
INSERT INTO settings (name, value) VALUES ('identity', lower(hex(randomblob(16))));

-- On how many of a million RRsets the old key's signature is to stay for now, in a roll that is spread over runs.
ALTER TABLE keys ADD COLUMN signatures_left INTEGER NOT NULL DEFAULT 0 CHECK (signatures_left BETWEEN 0 AND 1000000);
