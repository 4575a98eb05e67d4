-- Version 7: collections that were deleted in the portal, and come back if their owner wants that. Such a collection
-- belongs to the home with the negative id, under its own id as a name, with its properties; so nothing that looks into
-- homes finds it. Its objects and its log stay as they are, but for uid_home.

CREATE TABLE discarded (
	id      BIGINT PRIMARY KEY, -- the collection's
	home_id BIGINT NOT NULL,    -- that it was in
	name    TEXT   NOT NULL,    -- that it had
	at      BIGINT NOT NULL,
	settled BIGINT NOT NULL     -- 1: what its end means to others has been carried out
);

CREATE INDEX discarded_home ON discarded (home_id, at);
CREATE INDEX discarded_at ON discarded (settled, at);
