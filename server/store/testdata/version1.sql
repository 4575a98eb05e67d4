-- A database of schema version 1 as its first release made it. Frozen: later versions must still open it.

CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE store_state (
	id                INTEGER PRIMARY KEY, -- always 1
	epoch             BIGINT NOT NULL,
	settings_revision BIGINT NOT NULL
);

CREATE TABLE home (
	id      INTEGER PRIMARY KEY,
	owner   TEXT   NOT NULL UNIQUE, -- GUID in lower case
	change  BIGINT NOT NULL,        -- every change in the home takes the next number
	created BIGINT NOT NULL
);

CREATE TABLE collection (
	id          INTEGER PRIMARY KEY,
	home_id     BIGINT NOT NULL,
	name        TEXT   NOT NULL,
	kind        BIGINT NOT NULL,
	components  TEXT   NOT NULL, -- names with a space between
	resource_id TEXT   NOT NULL,
	change      BIGINT NOT NULL,
	created     BIGINT NOT NULL,
	modified    BIGINT NOT NULL,
	UNIQUE (home_id, name)
);

CREATE TABLE collection_tombstone (
	home_id BIGINT NOT NULL,
	name    TEXT   NOT NULL,
	change  BIGINT NOT NULL,
	PRIMARY KEY (home_id, name)
) WITHOUT ROWID;

CREATE TABLE object (
	collection_id BIGINT NOT NULL,
	name          TEXT   NOT NULL,
	etag          TEXT   NOT NULL,
	change        BIGINT NOT NULL,
	id            BIGINT NOT NULL,
	born          BIGINT NOT NULL, -- number of the change since when the name is known to clients
	uid           TEXT   NOT NULL,
	uid_home      BIGINT,          -- the home in which the UID is unique; NULL: in none
	component     TEXT   NOT NULL,
	schedule_tag  TEXT   NOT NULL,
	size          BIGINT NOT NULL,
	span          BIGINT NOT NULL, -- class of length, see range.go
	first_start   BIGINT NOT NULL,
	last_end      BIGINT NOT NULL,
	organizer     TEXT   NOT NULL,
	recurring     BIGINT NOT NULL,
	created       BIGINT NOT NULL,
	modified      BIGINT NOT NULL,
	PRIMARY KEY (collection_id, name)
) WITHOUT ROWID;

CREATE UNIQUE INDEX object_uid ON object (uid_home, uid);

CREATE INDEX object_change ON object (collection_id, change);

CREATE INDEX object_span ON object (collection_id, span, first_start);

CREATE TABLE object_data (
	object_id INTEGER PRIMARY KEY,
	data      BLOB NOT NULL
);

CREATE TABLE object_tombstone (
	collection_id BIGINT NOT NULL,
	name          TEXT   NOT NULL,
	change        BIGINT NOT NULL,
	born          BIGINT NOT NULL,
	PRIMARY KEY (collection_id, name)
) WITHOUT ROWID;

CREATE INDEX object_tombstone_change ON object_tombstone (collection_id, change);

CREATE TABLE property (
	holder BIGINT NOT NULL, -- home of a home or collection, collection of an object, 0 of a principal
	target TEXT   NOT NULL, -- id in decimal, or a principal's GUID
	viewer TEXT   NOT NULL,
	space  TEXT   NOT NULL,
	local  TEXT   NOT NULL,
	xml    TEXT   NOT NULL,
	PRIMARY KEY (holder, target, viewer, space, local)
) WITHOUT ROWID;

CREATE TABLE stored_value (
	bucket  TEXT  NOT NULL,
	name    TEXT  NOT NULL,
	content BLOB NOT NULL,
	UNIQUE (bucket, name)
);

CREATE TABLE session (
	token_hash TEXT   PRIMARY KEY,
	content    BLOB  NOT NULL,
	expires    BIGINT NOT NULL
);

CREATE INDEX session_expires ON session (expires);

CREATE TABLE token (
	id          INTEGER PRIMARY KEY,
	name        TEXT   NOT NULL,
	owner       TEXT   NOT NULL,
	secret_hash TEXT   NOT NULL UNIQUE,
	scopes      TEXT   NOT NULL, -- with a space between
	created     BIGINT NOT NULL,
	expires     BIGINT NOT NULL, -- 0: never, as below
	last_used   BIGINT NOT NULL,
	revoked     BIGINT NOT NULL
);

CREATE TABLE setting (
	scope    TEXT   NOT NULL,
	subject  TEXT   NOT NULL,
	toml     TEXT   NOT NULL,
	priority BIGINT NOT NULL,
	revision BIGINT NOT NULL,
	modified BIGINT NOT NULL,
	PRIMARY KEY (scope, subject)
);

CREATE TABLE audit (
	id     INTEGER PRIMARY KEY,
	at     BIGINT NOT NULL,
	actor  TEXT   NOT NULL,
	deed   TEXT   NOT NULL,
	thing  TEXT   NOT NULL,
	detail TEXT   NOT NULL,
	origin TEXT   NOT NULL
);

INSERT INTO goose_db_version VALUES (1, 0, 1, '2026-11-22 12:14:25');
INSERT INTO goose_db_version VALUES (2, 1, 1, '2026-11-22 12:14:25');
INSERT INTO store_state VALUES (1, 1777896000, 1);
INSERT INTO home VALUES (890932695547161220, 'ada', 11, 1777896000000000);
INSERT INTO collection VALUES (890932695548077566, 890932695547161220, 'calendar', 1, 'VEVENT', '5a305bb4-1810-466e-9509-682044f89a5d', 11, 1777896000000000, 1777896000000000);
INSERT INTO collection VALUES (890932695548132790, 890932695547161220, 'inbox', 2, '', '3e9a0e2a-81c6-477e-908b-2acd8090e037', 7, 1777896000000000, 1777896000000000);
INSERT INTO collection_tombstone VALUES (890932695547161220, 'tasks', 9);
INSERT INTO object VALUES (890932695548077566, 'a.ics', '5259d46a49644bf76792231ef7315b52', 5, 890932695550271855, 5, 'u1', 890932695547161220, 'VEVENT', 'st', 5, 5, 1000, 9223372036854775807, 'mailto:ada@example.org', 1, 1777896000000000, 1777896000000000);
INSERT INTO object VALUES (890932695548132790, 'i.ics', '8b5b9db0c13db24256c829aa364aa90c', 7, 890932695571042858, 7, 'u1', NULL, 'VEVENT', '', 5, 0, 1000, 4600, '', 0, 1777896000000000, 1777896000000000);
INSERT INTO object_data VALUES (890932695550271855, X'6F6E650D0A');
INSERT INTO object_data VALUES (890932695571042858, X'7468726565');
INSERT INTO object_tombstone VALUES (890932695548077566, 'b.ics', 8, 6);
INSERT INTO property VALUES (0, 'ada', '', 'DAV:', 'displayname', '<principal/>');
INSERT INTO property VALUES (890932695547161220, '890932695547161220', '', 'DAV:', 'displayname', '<home/>');
INSERT INTO property VALUES (890932695547161220, '890932695548077566', 'grace', 'http://apple.com/ns/ical/', 'calendar-color', '<red/>');
INSERT INTO property VALUES (890932695548077566, '890932695550271855', '', 'DAV:', 'displayname', '<object/>');
INSERT INTO stored_value VALUES ('bucket', 'key', X'76616C7565');
INSERT INTO session VALUES ('3f3af1ecebbd1410ab417ec0d27bbfcb5d340e177ae159b59fc8626c2dfd9175', X'64617461', 32472144000000000);
INSERT INTO token VALUES (890932695581040802, 'mdm', '', '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b', 'a b', 1777896000000000, 0, 0, 0);
INSERT INTO setting VALUES ('everyone', '', 'a = 1', 0, 1, 1777896000000000);
INSERT INTO audit VALUES (890932695574797406, 1777896000000000, 'ada', 'did', '', '', '');
