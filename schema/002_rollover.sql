-- SPDX-License-Identifier: MIT
-- What rollovers need: the memory of the engine in keys and zones, and what caches may hold.

ALTER TABLE zones ADD COLUMN held_since INTEGER NOT NULL DEFAULT 0; -- 0: key events go on
ALTER TABLE zones ADD COLUMN held_reason TEXT CHECK ((held_since = 0) = (held_reason IS NULL));
ALTER TABLE zones ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE zones ADD COLUMN step_asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE zones ADD COLUMN ds_checked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE zones ADD COLUMN ds_found TEXT;

ALTER TABLE keys ADD COLUMN predecessor INTEGER REFERENCES keys (id);
ALTER TABLE keys ADD COLUMN ds_seen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN ds_gone INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN signatures_complete INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN was_full INTEGER NOT NULL DEFAULT 0 CHECK (was_full BETWEEN 0 AND 15);
ALTER TABLE keys ADD COLUMN standby INTEGER NOT NULL DEFAULT 0 CHECK (standby IN (0, 1));
ALTER TABLE keys ADD COLUMN is_foreign INTEGER NOT NULL DEFAULT 0 CHECK (is_foreign IN (0, 1));
ALTER TABLE keys ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN purging INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN purged INTEGER NOT NULL DEFAULT 0 CHECK (purged = 0 OR purging > 0);

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

-- A zone that was published under version 1. That program published a key's DNSKEY and all signatures by it together
-- and withdrew none; it saw no parent, and told people which DS to hand in as soon as a key was published.

CREATE TEMP TABLE published AS
SELECT zone, max(id) AS version, min(published) AS first FROM versions WHERE published > 0 GROUP BY zone;

UPDATE keys SET signatures_complete = zrrsig_since WHERE zrrsig IN ('rumoured', 'omnipresent');

-- Its DS may be at the parent where the key has had the time to reach all caches.
UPDATE keys SET ds = 'rumoured', ds_since = max(dnskey_since, krrsig_since)
WHERE ds = 'hidden' AND dnskey IN ('rumoured', 'omnipresent') AND krrsig IN ('rumoured', 'omnipresent')
	AND max(dnskey_since, krrsig_since) + 86400 + (
		SELECT max(v.dnskey_ttl, v.negative_ttl) FROM versions v JOIN temp.published p ON p.version = v.id
		WHERE p.zone = keys.zone
	) <= (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'last-time');

WITH uses (zone, version, class, ttl, first) AS (
	SELECT zone, id, 'dnskey', dnskey_ttl, published FROM versions WHERE published > 0
	UNION ALL SELECT zone, id, 'data', largest_ttl, published FROM versions WHERE published > 0
	UNION ALL SELECT zone, id, 'negative', negative_ttl, published FROM versions WHERE published > 0
), ends (zone, class, ttl, version, until) AS (
	SELECT zone, class, ttl, version, lead(first) OVER (PARTITION BY zone, class ORDER BY version) FROM uses
)
INSERT INTO ttls (zone, class, ttl, last)
SELECT zone, class, ttl, CASE WHEN max(until IS NULL) THEN NULL ELSE max(until) END
FROM ends WHERE ttl BETWEEN 0 AND 2147483647 GROUP BY zone, class, ttl;

-- Before the first publication there was no DNSKEY and no signature; with what TTL is not known.
INSERT INTO served (zone, class, begins, until, ttl)
SELECT p.zone, 'dnskey', 0, max(p.first, coalesce((SELECT max(max(dnskey_since, krrsig_since)) FROM keys k
	WHERE k.zone = p.zone AND k.dnskey IN ('rumoured', 'omnipresent')), 0)),
	(SELECT max(ttl) FROM ttls t WHERE t.zone = p.zone AND class = 'negative')
FROM temp.published p;

INSERT INTO served (zone, class, begins, until, ttl)
SELECT p.zone, 'data', 0, max(p.first, coalesce((SELECT max(zrrsig_since) FROM keys k
	WHERE k.zone = p.zone AND k.zrrsig IN ('rumoured', 'omnipresent')), 0)),
	(SELECT max(ttl) FROM ttls t WHERE t.zone = p.zone AND class IN ('data', 'negative'))
FROM temp.published p;

-- From then on its keys were served, with the largest TTL that caches may still count.
CREATE TEMP TABLE counting AS
SELECT zone, class, max(ttl) AS ttl FROM ttls
WHERE last IS NULL OR last + ttl >= (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'last-time')
GROUP BY zone, class;

INSERT INTO served (zone, class, begins, until, ttl)
SELECT c.zone, 'dnskey', min(k.dnskey_since), NULL, c.ttl
FROM temp.counting c JOIN keys k ON k.zone = c.zone
WHERE c.class = 'dnskey' AND k.dnskey IN ('rumoured', 'omnipresent') GROUP BY c.zone;

INSERT INTO served (zone, class, begins, until, ttl)
SELECT c.zone, 'data', min(k.zrrsig_since), NULL, c.ttl
FROM temp.counting c JOIN keys k ON k.zone = c.zone
WHERE c.class = 'data' AND k.zrrsig IN ('rumoured', 'omnipresent') GROUP BY c.zone;

-- The DS set may be absent, and may name each key that it was told of. Its TTL is not known: the longest that caches
-- keep anything by default is a week.
INSERT INTO served (zone, class, begins, until, ttl) SELECT zone, 'ds', 0, NULL, 604800 FROM temp.published;

INSERT INTO served (zone, class, begins, until, ttl)
SELECT p.zone, 'ds', min(k.dnskey_since), NULL, 604800
FROM temp.published p JOIN keys k ON k.zone = p.zone
WHERE k.krrsig IN ('rumoured', 'omnipresent') AND k.dnskey IN ('rumoured', 'omnipresent') GROUP BY p.zone;

INSERT INTO served_keys (version, key, listed, signs)
SELECT s.id, k.id, k.dnskey IN ('rumoured', 'omnipresent'), coalesce(k.krrsig IN ('rumoured', 'omnipresent'), 0)
FROM served s JOIN keys k ON k.zone = s.zone
WHERE s.class = 'dnskey' AND s.begins > 0
	AND (k.dnskey IN ('rumoured', 'omnipresent') OR k.krrsig IN ('rumoured', 'omnipresent'));

INSERT INTO served_keys (version, key, listed, signs)
SELECT s.id, k.id, 1, 0 FROM served s JOIN keys k ON k.zone = s.zone
WHERE s.class = 'data' AND s.begins > 0 AND k.zrrsig IN ('rumoured', 'omnipresent');

INSERT INTO served_keys (version, key, listed, signs)
SELECT s.id, k.id, 1, 0 FROM served s JOIN keys k ON k.zone = s.zone
WHERE s.class = 'ds' AND s.begins > 0
	AND k.krrsig IN ('rumoured', 'omnipresent') AND k.dnskey IN ('rumoured', 'omnipresent');

DROP TABLE temp.counting;
DROP TABLE temp.published;
