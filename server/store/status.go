package store

import "context"

// Status is how the database stands, for health pages.
type Status struct {
	Engine string // SQLite or PostgreSQL
	Bytes  int64  // its size
	Epoch  int64

	LettersWaiting, LettersFailed int64 // of one-time links
}

// Status asks the database how it stands.
func (s *Store) Status(ctx context.Context) (Status, error) {
	status := Status{Engine: "SQLite", Epoch: s.Epoch()}
	size := "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	if _, postgres := s.engine.(*postgresEngine); postgres {
		status.Engine, size = "PostgreSQL", "SELECT pg_database_size(current_database())"
	}
	err := s.Read(ctx, func(tx *Tx) error {
		if err := tx.row(size, nil, &status.Bytes); err != nil {
			return err
		}
		return tx.row(`SELECT coalesce(sum(CASE state WHEN 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE state WHEN 2 THEN 1 ELSE 0 END), 0)
			FROM enrolment_letter WHERE state = 0 OR state = 2`, nil, &status.LettersWaiting, &status.LettersFailed)
	})
	return status, err
}
