-- Version 5: groups in meetings, and the record of what became of invitations.

CREATE TABLE group_attendee (
	group_guid TEXT   NOT NULL, -- in lower case
	home_id    BIGINT NOT NULL, -- of the organizer
	uid        TEXT   NOT NULL,
	membership TEXT   NOT NULL, -- says which members the object was last written with
	last_end   BIGINT NOT NULL, -- of the object, in Unix seconds
	PRIMARY KEY (group_guid, home_id, uid)
) /* clustered */;

CREATE INDEX group_attendee_object ON group_attendee (home_id, uid);

CREATE TABLE schedule_log (
	id      BIGINT PRIMARY KEY,
	at      BIGINT NOT NULL,
	uid     TEXT   NOT NULL,
	content BYTEA  NOT NULL
);

CREATE INDEX schedule_log_uid ON schedule_log (uid, id);

-- How much of an object others see than its owner; 0 is all. The values are package ical's.
ALTER TABLE object ADD COLUMN access BIGINT NOT NULL DEFAULT 0;

CREATE INDEX object_access ON object (collection_id) WHERE access <> 0;
