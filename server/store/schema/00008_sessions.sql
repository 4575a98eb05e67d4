-- Version 8: whose sessions they are, so that somebody can be signed out everywhere.

ALTER TABLE session ADD COLUMN owner TEXT NOT NULL DEFAULT '';

CREATE INDEX session_owner ON session (owner);
