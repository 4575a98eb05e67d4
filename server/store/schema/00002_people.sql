-- Version 2: what people see of their devices in the portal.

CREATE TABLE app_password (
	id          BIGINT PRIMARY KEY,
	owner       TEXT   NOT NULL, -- GUID in lower case, as everywhere below
	device      TEXT   NOT NULL, -- of all passwords for one device only the last is valid; '': of no device
	name        TEXT   NOT NULL,
	secret_hash TEXT   NOT NULL UNIQUE,
	created     BIGINT NOT NULL,
	expires     BIGINT NOT NULL, -- 0: never, as below
	revoked     BIGINT NOT NULL,
	last_used   BIGINT NOT NULL,
	last_from   TEXT   NOT NULL,
	last_client TEXT   NOT NULL
);

CREATE INDEX app_password_owner ON app_password (owner, id);

CREATE TABLE one_time_link (
	id          BIGINT PRIMARY KEY,
	owner       TEXT   NOT NULL,
	secret_hash TEXT   NOT NULL UNIQUE,
	created     BIGINT NOT NULL,
	expires     BIGINT NOT NULL,
	used        BIGINT NOT NULL,
	used_from   TEXT   NOT NULL,
	used_client TEXT   NOT NULL
);

CREATE INDEX one_time_link_owner ON one_time_link (owner, id);

CREATE TABLE download (
	owner    TEXT   NOT NULL,
	device   TEXT   NOT NULL,
	name     TEXT   NOT NULL,
	platform TEXT   NOT NULL,
	profile  TEXT   NOT NULL, -- its UUID, which changes with its content
	at       BIGINT NOT NULL,
	PRIMARY KEY (owner, device)
) /* clustered */;

CREATE TABLE sign_in (
	owner        TEXT   NOT NULL,
	client       TEXT   NOT NULL,
	app_password BIGINT NOT NULL, -- 0: the directory's password
	last         BIGINT NOT NULL, -- of whatever outcome
	succeeded    BIGINT NOT NULL,
	came_from    TEXT   NOT NULL,
	failed       BIGINT NOT NULL,
	failed_from  TEXT   NOT NULL,
	reason       TEXT   NOT NULL,
	failures     BIGINT NOT NULL, -- since the last success
	PRIMARY KEY (owner, client, app_password)
) /* clustered */;
