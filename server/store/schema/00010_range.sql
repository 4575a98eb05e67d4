-- Version 10: what touches a stretch of time is listed without a look at the rows. In SQLite the index has the names by
-- itself; PostgreSQL would look at the rows all the same, and keeps the narrow one.

DROP INDEX object_span;
CREATE INDEX object_span ON object (collection_id, span, first_start, last_end, id, etag);
