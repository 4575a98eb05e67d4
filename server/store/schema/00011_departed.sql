-- Version 11: people, rooms and resources who are no longer in the directory, and of whom something is kept here.

CREATE TABLE departed (
	owner     TEXT   PRIMARY KEY, -- GUID in lower case
	kind      BIGINT NOT NULL,    -- the caller's
	name      TEXT   NOT NULL,    -- short name as last known, '': it never was
	full_name TEXT   NOT NULL,
	addresses TEXT   NOT NULL,    -- mail addresses with a space between
	since     BIGINT NOT NULL,    -- when it was noticed
	asked     BIGINT NOT NULL,    -- when it was asked that all be erased; 0: it was not
	asked_by  TEXT   NOT NULL,
	call_off  BIGINT NOT NULL,    -- 1: with future meetings called off
	problem   TEXT   NOT NULL     -- why erasing has failed last
);

CREATE INDEX departed_asked ON departed (asked) WHERE asked > 0;

-- What others see of the gone by properties of their own is found by who looks.
CREATE INDEX property_viewer ON property (viewer) WHERE viewer <> '';
