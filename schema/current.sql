-- SPDX-License-Identifier: MIT
-- What all steps add up to; a test compares.
-- Times are seconds since 1970-01-01T00:00:00Z; 0 stands for "not yet" where a comment says so.

CREATE TABLE settings (
	name TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;

CREATE TABLE zones (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE CHECK (name = lower(name) AND name LIKE '%.'),
	input TEXT,
	output TEXT,
	policy_name TEXT NOT NULL,
	policy_text TEXT NOT NULL,
	parents TEXT NOT NULL,
	added INTEGER NOT NULL,
	removed INTEGER NOT NULL DEFAULT 0, -- when; 0: it is there
	input_failing_since INTEGER NOT NULL DEFAULT 0, -- 0: the input is good
	input_failure TEXT,
	held_since INTEGER NOT NULL DEFAULT 0, -- no key events since then; 0: they go on
	held_reason TEXT CHECK ((held_since = 0) = (held_reason IS NULL)),
	revision INTEGER NOT NULL DEFAULT 1, -- counts every change of keys, goals, policy and settings
	step_asked INTEGER NOT NULL DEFAULT 0, -- when an operator asked for the next step of a manual policy; 0: no
	ds_checked INTEGER NOT NULL DEFAULT 0, -- when the parent was last asked; 0: never
	ds_found TEXT, -- what it said then
	input_held_since INTEGER NOT NULL DEFAULT 0, -- its input is not read since then; 0: it is
	input_held_reason TEXT CHECK ((input_held_since = 0) = (input_held_reason IS NULL)),
	CHECK ((input_failing_since = 0) = (input_failure IS NULL))
) STRICT;

-- A key keeps its row for ever: its tag must not come back, and the audit speaks of it.
CREATE TABLE keys (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	role TEXT NOT NULL CHECK (role IN ('KSK', 'ZSK', 'CSK')),
	algorithm INTEGER NOT NULL CHECK (algorithm BETWEEN 1 AND 255),
	flags INTEGER NOT NULL CHECK (flags BETWEEN 0 AND 65535),
	bits INTEGER NOT NULL,
	public_key BLOB NOT NULL,
	fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
	locator TEXT NOT NULL,
	goal_present INTEGER NOT NULL CHECK (goal_present IN (0, 1)),
	dnskey TEXT CHECK (dnskey IN ('hidden', 'rumoured', 'omnipresent', 'unretentive')), -- NULL: has no such record
	dnskey_since INTEGER NOT NULL,
	zrrsig TEXT CHECK (zrrsig IN ('hidden', 'rumoured', 'omnipresent', 'unretentive')),
	zrrsig_since INTEGER NOT NULL,
	krrsig TEXT CHECK (krrsig IN ('hidden', 'rumoured', 'omnipresent', 'unretentive')),
	krrsig_since INTEGER NOT NULL,
	ds TEXT CHECK (ds IN ('hidden', 'rumoured', 'omnipresent', 'unretentive')),
	ds_since INTEGER NOT NULL,
	created INTEGER NOT NULL,
	active INTEGER NOT NULL, -- 0: not yet
	predecessor INTEGER REFERENCES keys (id), -- the key that it replaces
	ds_seen INTEGER NOT NULL DEFAULT 0, -- since when every parent server shows its DS; 0: not
	ds_gone INTEGER NOT NULL DEFAULT 0, -- since when none does; 0: not
	signatures_complete INTEGER NOT NULL DEFAULT 0, -- since when every RRset is signed, or none is; 0: unknown
	was_full INTEGER NOT NULL DEFAULT 0 CHECK (was_full BETWEEN 0 AND 15), -- bits: DNSKEY, ZRRSIG, KRRSIG, DS
	standby INTEGER NOT NULL DEFAULT 0 CHECK (standby IN (0, 1)),
	is_foreign INTEGER NOT NULL DEFAULT 0 CHECK (is_foreign IN (0, 1)), -- its private half is elsewhere
	revoked INTEGER NOT NULL DEFAULT 0, -- since when it has the REVOKE bit; 0: not
	purging INTEGER NOT NULL DEFAULT 0, -- when the destruction of its private half began; 0: it did not
	purged INTEGER NOT NULL DEFAULT 0 CHECK (purged = 0 OR purging > 0), -- when it was destroyed
	backed_up INTEGER NOT NULL DEFAULT 0, -- since when somebody says that a backup holds it; 0: nobody did
	dropped INTEGER NOT NULL DEFAULT 0, -- since when it is to leave at once, whatever caches hold; 0: not
	-- On how many of a million RRsets the old key's signature is to stay for now, in a roll that is spread over runs.
	signatures_left INTEGER NOT NULL DEFAULT 0 CHECK (signatures_left BETWEEN 0 AND 1000000),
	UNIQUE (zone, fingerprint)
) STRICT;

-- Both tags of every key that a zone ever had: the plain one and that with the REVOKE bit (RFC 5011 2.1).
CREATE TABLE key_tags (
	zone INTEGER NOT NULL REFERENCES zones (id),
	tag INTEGER NOT NULL CHECK (tag BETWEEN 0 AND 65535),
	key INTEGER NOT NULL REFERENCES keys (id),
	revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
	PRIMARY KEY (zone, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_tags_of_key ON key_tags (key);

-- An intent is stored before the file gets its name; a receipt is an intent with the time it was published.
-- A serial belongs to one content for ever.
CREATE TABLE versions (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	serial INTEGER NOT NULL CHECK (serial BETWEEN 0 AND 4294967295),
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	input_sha256 BLOB NOT NULL CHECK (length(input_sha256) = 32),
	config_sha256 BLOB NOT NULL CHECK (length(config_sha256) = 32),
	path TEXT NOT NULL,
	keys TEXT NOT NULL,
	verdict TEXT, -- NULL once newer versions have pushed it out
	intended INTEGER NOT NULL,
	published INTEGER NOT NULL DEFAULT 0, -- 0: an intent
	abandoned INTEGER NOT NULL DEFAULT 0 CHECK (abandoned IN (0, 1)),
	first_expiry INTEGER NOT NULL,
	refresh INTEGER NOT NULL,
	largest_ttl INTEGER NOT NULL,
	dnskey_ttl INTEGER NOT NULL,
	negative_ttl INTEGER NOT NULL,
	records INTEGER NOT NULL,
	signatures INTEGER NOT NULL,
	size INTEGER NOT NULL,
	input_serial INTEGER NOT NULL,
	rolled_back TEXT, -- what is rolled back, and why: its publication holds the input; NULL: nothing
	UNIQUE (zone, serial),
	CHECK (published = 0 OR abandoned = 0)
) STRICT;

CREATE INDEX versions_of_zone ON versions (zone, id);
CREATE UNIQUE INDEX versions_open ON versions (zone) WHERE published = 0 AND abandoned = 0;

CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	started INTEGER NOT NULL,
	ended INTEGER NOT NULL,
	status INTEGER NOT NULL,
	message TEXT NOT NULL,
	verdict TEXT,
	serial INTEGER NOT NULL
) STRICT;

CREATE INDEX runs_of_zone ON runs (zone, id);

-- Each hash is over the hash before it and the row (audit.c). Rows are added at the end and stay.
CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	time INTEGER NOT NULL,
	actor TEXT NOT NULL,
	zone TEXT NOT NULL, -- its name, or ''
	what TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_of_zone ON audit (zone, id);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
	SELECT raise(ABORT, 'audit rows are never changed');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
	SELECT raise(ABORT, 'audit rows are never deleted');
END;

CREATE TRIGGER audit_grows_at_the_end BEFORE INSERT ON audit
WHEN new.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit)
BEGIN
	SELECT raise(ABORT, 'audit rows are added at the end');
END;

-- TTLs that were served, each with the time it was last served.
CREATE TABLE ttls (
	zone INTEGER NOT NULL REFERENCES zones (id),
	class TEXT NOT NULL CHECK (class IN ('ds', 'dnskey', 'data', 'negative')),
	ttl INTEGER NOT NULL CHECK (ttl BETWEEN 0 AND 2147483647),
	last INTEGER, -- NULL: it still is
	PRIMARY KEY (zone, class, ttl)
) STRICT, WITHOUT ROWID;

-- Versions of the DS set, of the DNSKEY RRset and of the data, by keys; without keys: absence.
CREATE TABLE served (
	id INTEGER PRIMARY KEY,
	zone INTEGER NOT NULL REFERENCES zones (id),
	class TEXT NOT NULL CHECK (class IN ('ds', 'dnskey', 'data')),
	begins INTEGER NOT NULL, -- 0: before zoneseal knew the zone
	until INTEGER,           -- NULL: it may still be served
	ttl INTEGER NOT NULL CHECK (ttl BETWEEN 0 AND 2147483647),
	CHECK (until IS NULL OR until >= begins)
) STRICT;

CREATE INDEX served_of_zone ON served (zone, class, id);

CREATE TABLE served_keys (
	version INTEGER NOT NULL REFERENCES served (id) ON DELETE CASCADE,
	key INTEGER NOT NULL REFERENCES keys (id),
	listed INTEGER NOT NULL CHECK (listed IN (0, 1)), -- DS: named by it; DNSKEY: in it; data: signs it
	signs INTEGER NOT NULL CHECK (signs IN (0, 1)),   -- DNSKEY: signs it
	PRIMARY KEY (version, key),
	CHECK (listed = 1 OR signs = 1)
) STRICT, WITHOUT ROWID;

-- What a file held when it had this stamp, so that an unchanged one need not be read again. No state: it may be empty.
CREATE TABLE files (
	zone INTEGER NOT NULL REFERENCES zones (id),
	purpose TEXT NOT NULL CHECK (purpose IN ('input', 'output')),
	path TEXT NOT NULL,
	device INTEGER NOT NULL,
	inode INTEGER NOT NULL,
	size INTEGER NOT NULL,
	modified INTEGER NOT NULL, -- nanoseconds since 1970
	changed INTEGER NOT NULL,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
	serial INTEGER NOT NULL,
	PRIMARY KEY (zone, purpose)
) STRICT, WITHOUT ROWID;

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
