-- Version 1. This text is PostgreSQL's; schema.go says which words SQLite reads otherwise.
-- Times are Unix microseconds, save first_start and last_end, which are Unix seconds. Ids are made by the program and
-- never reused. There are no foreign keys: the program deletes what hangs below, in one transaction.

CREATE TABLE store_state (
	id                BIGINT PRIMARY KEY, -- always 1
	epoch             BIGINT NOT NULL,
	settings_revision BIGINT NOT NULL
);

CREATE TABLE home (
	id      BIGINT PRIMARY KEY,
	owner   TEXT   NOT NULL UNIQUE, -- GUID in lower case
	change  BIGINT NOT NULL,        -- every change in the home takes the next number
	created BIGINT NOT NULL
);

CREATE TABLE collection (
	id          BIGINT PRIMARY KEY,
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
) /* clustered */;

-- Narrow on purpose: a listing reads these rows in order and never touches the data.
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
) /* clustered */;

CREATE UNIQUE INDEX object_uid ON object (uid_home, uid);
CREATE INDEX object_change ON object (collection_id, change);
CREATE INDEX object_span ON object (collection_id, span, first_start);

CREATE TABLE object_data (
	object_id BIGINT PRIMARY KEY,
	data      BYTEA NOT NULL
);

CREATE TABLE object_tombstone (
	collection_id BIGINT NOT NULL,
	name          TEXT   NOT NULL,
	change        BIGINT NOT NULL,
	born          BIGINT NOT NULL,
	PRIMARY KEY (collection_id, name)
) /* clustered */;

CREATE INDEX object_tombstone_change ON object_tombstone (collection_id, change);

CREATE TABLE property (
	holder BIGINT NOT NULL, -- home of a home or collection, collection of an object, 0 of a principal
	target TEXT   NOT NULL, -- id in decimal, or a principal's GUID
	viewer TEXT   NOT NULL,
	space  TEXT   NOT NULL,
	local  TEXT   NOT NULL,
	xml    TEXT   NOT NULL,
	PRIMARY KEY (holder, target, viewer, space, local)
) /* clustered */;

CREATE TABLE stored_value (
	bucket  TEXT  NOT NULL,
	name    TEXT  NOT NULL,
	content BYTEA NOT NULL,
	UNIQUE (bucket, name)
);

CREATE TABLE session (
	token_hash TEXT   PRIMARY KEY,
	content    BYTEA  NOT NULL,
	expires    BIGINT NOT NULL
);

CREATE INDEX session_expires ON session (expires);

CREATE TABLE token (
	id          BIGINT PRIMARY KEY,
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
	id     BIGINT PRIMARY KEY,
	at     BIGINT NOT NULL,
	actor  TEXT   NOT NULL,
	deed   TEXT   NOT NULL,
	thing  TEXT   NOT NULL,
	detail TEXT   NOT NULL,
	origin TEXT   NOT NULL
);
