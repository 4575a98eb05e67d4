-- Version 6: invitations by mail to people outside the directory (RFC 6047).

-- Messages that wait to be sent, or were and this is still to be noted in a calendar.
CREATE TABLE mail_outbox (
	id            BIGINT PRIMARY KEY,
	owner         TEXT   NOT NULL, -- GUID in lower case of the one in whose name it goes
	uid           TEXT   NOT NULL,
	recipient     TEXT   NOT NULL, -- calendar user address in lower case
	method        TEXT   NOT NULL, -- of iTIP
	whole         BIGINT NOT NULL, -- 1: about all of the event, not some instances
	content       TEXT   NOT NULL, -- hash of a mail_content
	state         BIGINT NOT NULL, -- 0 waits, 1 sent, 2 given up
	due           BIGINT NOT NULL,
	attempts      BIGINT NOT NULL,
	claim         TEXT   NOT NULL, -- of the process that sends it, until claimed_until
	claimed_until BIGINT NOT NULL,
	problem       TEXT   NOT NULL  -- of the last attempt
);

CREATE INDEX mail_outbox_due ON mail_outbox (state, due);
CREATE INDEX mail_outbox_invitation ON mail_outbox (owner, uid, recipient, id);

-- What messages are made of, once for all recipients who see the same.
CREATE TABLE mail_content (
	hash TEXT   PRIMARY KEY,
	data BYTEA  NOT NULL,
	used BIGINT NOT NULL
);

CREATE INDEX mail_content_used ON mail_content (used);

-- Whose answer a mail is, by the token in the address that it is sent to.
CREATE TABLE mail_token (
	token     TEXT   PRIMARY KEY,
	owner     TEXT   NOT NULL,
	uid       TEXT   NOT NULL,
	recipient TEXT   NOT NULL,
	thread    TEXT   NOT NULL, -- Message-ID of the first mail; '': none was sent
	last_used BIGINT NOT NULL,
	UNIQUE (owner, uid, recipient)
);

CREATE INDEX mail_token_used ON mail_token (last_used);

-- Mails that were read and acted upon, so that none is twice.
CREATE TABLE mail_received (
	mail TEXT   PRIMARY KEY,
	at   BIGINT NOT NULL
);

CREATE INDEX mail_received_at ON mail_received (at);
