-- Version 9: what many people are sent at once is kept once.

CREATE TABLE shared_data (
	id   BIGINT PRIMARY KEY,
	data BYTEA NOT NULL
);

-- Where the data of an object is that has no row in object_data.
ALTER TABLE object ADD COLUMN shared BIGINT;

CREATE INDEX object_shared ON object (shared) WHERE shared IS NOT NULL;
