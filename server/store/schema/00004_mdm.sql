-- Version 4: what MDM servers may read, and what they are told of changes.

ALTER TABLE token ADD COLUMN member_of TEXT NOT NULL DEFAULT ''; -- GUIDs of groups in lower case with a space between; '': not limited

-- The latest news of each person's profile; a row stays when the profile has gone.
CREATE TABLE profile_news (
	owner    TEXT   PRIMARY KEY, -- GUID in lower case
	name     TEXT   NOT NULL,    -- short name, when it was last known
	digest   TEXT   NOT NULL,    -- of the profile in all its variants; '': there is none
	revision BIGINT NOT NULL,    -- of the last change; no two rows share one
	born     BIGINT NOT NULL     -- the revision since when there is one without a break
);

CREATE UNIQUE INDEX profile_news_revision ON profile_news (revision);

ALTER TABLE store_state ADD COLUMN news_revision BIGINT NOT NULL DEFAULT 0;
