-- Version 12: only calendars are searched by time. An inbox takes a message without a place in that index.

UPDATE object SET span = -1 WHERE collection_id IN (SELECT id FROM collection WHERE kind <> 1);

DROP INDEX object_span;
CREATE INDEX object_span ON object (collection_id, span, first_start, last_end, id, etag) WHERE span <> -1;
