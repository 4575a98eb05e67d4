-- Version 3: what administrators see and hand out.

CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_deed ON audit (deed, id);
CREATE INDEX audit_thing ON audit (thing, id);

-- A link is of one enrolment, or of its owner's own making: 0.
ALTER TABLE one_time_link ADD COLUMN enrolment BIGINT NOT NULL DEFAULT 0;

CREATE INDEX one_time_link_enrolment ON one_time_link (enrolment, id);

-- One-time links handed out by an administrator, in a list or by mail.
CREATE TABLE enrolment (
	id       BIGINT PRIMARY KEY,
	maker    TEXT   NOT NULL,
	whom     TEXT   NOT NULL, -- in words
	by_mail  BIGINT NOT NULL,
	language TEXT   NOT NULL, -- of letters to people whose own is not known
	valid    BIGINT NOT NULL, -- for so many seconds is each link, from when it is made
	created  BIGINT NOT NULL
);

CREATE TABLE enrolment_letter (
	enrolment_id BIGINT NOT NULL,
	owner        TEXT   NOT NULL,
	state        BIGINT NOT NULL,
	tries        BIGINT NOT NULL,
	due          BIGINT NOT NULL, -- of waiting ones: when it is tried next
	done         BIGINT NOT NULL,
	address      TEXT   NOT NULL,
	problem      TEXT   NOT NULL,
	link_id      BIGINT NOT NULL, -- 0: none yet
	PRIMARY KEY (enrolment_id, owner)
) /* clustered */;

CREATE INDEX enrolment_letter_due ON enrolment_letter (state, due);
CREATE INDEX enrolment_letter_owner ON enrolment_letter (owner, enrolment_id);

-- The protocol of single people, while an administrator looks for a fault.
CREATE TABLE trace (
	owner   TEXT   PRIMARY KEY,
	maker   TEXT   NOT NULL,
	started BIGINT NOT NULL,
	ends    BIGINT NOT NULL
);

CREATE TABLE trace_exchange (
	owner   TEXT   NOT NULL,
	id      BIGINT NOT NULL,
	size    BIGINT NOT NULL,
	content BYTEA  NOT NULL,
	PRIMARY KEY (owner, id)
) /* clustered */;
