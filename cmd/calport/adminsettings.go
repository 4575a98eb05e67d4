package main

import (
	"context"
	"strings"

	"calport/directory"
	"calport/profiles"
	"calport/server/store"
	"calport/web"
)

// settings joins the settings of the pages of administrators to the store's.
type settings struct{ house *house }

func (s settings) Document(ctx context.Context) (*profiles.Document, error) {
	rows, _, err := s.house.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return settingsDocument(rows)
}

func (s settings) Generator(d *profiles.Document) (*profiles.Generator, error) {
	return profiles.NewGenerator(s.house.profileServer(), d)
}

func (s settings) FindSettings(ctx context.Context, of web.Scope) (web.ScopeSettings, error) {
	rows, _, err := s.house.store.Settings(ctx)
	if err != nil {
		return web.ScopeSettings{}, err
	}
	row := rowOf(rows, of)
	if row.Revision == 0 {
		return web.ScopeSettings{}, nil
	}
	d, err := settingsDocument([]store.Setting{row})
	if err != nil {
		return web.ScopeSettings{}, err
	}
	found := web.ScopeSettings{Settings: d.Everyone, Priority: row.Priority, Revision: row.Revision}
	if len(d.Groups) > 0 {
		found.Settings = d.Groups[0].Settings
	}
	if len(d.People) > 0 {
		found.Settings = d.People[0].Settings
	}
	return found, nil
}

// rowOf finds what the store has of a scope; the zero Setting if it has nothing.
func rowOf(rows []store.Setting, of web.Scope) store.Setting {
	scope, subject := keyOf(of)
	for _, row := range rows {
		if row.Scope == scope && row.Subject == subject {
			return row
		}
	}
	return store.Setting{}
}

// keyOf is what the store keeps the settings of a scope under.
func keyOf(of web.Scope) (store.SettingScope, string) {
	switch of.Kind {
	case directory.Group:
		return store.OfGroup, strings.ToLower(of.GUID)
	case directory.Individual:
		return store.OfPerson, strings.ToLower(of.GUID)
	}
	return store.Everyone, ""
}

func (s settings) PutSettings(ctx context.Context, of web.Scope, wanted web.ScopeSettings, d web.Deed) error {
	rows, err := settingsRows(wanted.Within(&profiles.Document{}, of))
	if err != nil {
		return err
	}
	row := rowOf(rows, of)
	return s.change(ctx, of, wanted.Revision, d, func(tx *store.Tx) error {
		_, err := tx.PutSetting(row)
		return err
	})
}

func (s settings) DeleteSettings(ctx context.Context, of web.Scope, revision int64, d web.Deed) error {
	if of.Kind == 0 { // everyone's row stays, so that the seed is not taken again
		return s.PutSettings(ctx, of, web.ScopeSettings{Revision: revision}, d)
	}
	return s.change(ctx, of, revision, d, func(tx *store.Tx) error { return tx.DeleteSetting(keyOf(of)) })
}

// change does something to the settings of a scope that are at a revision, and writes the deed down with it.
func (s settings) change(ctx context.Context, of web.Scope, revision int64, d web.Deed, do func(*store.Tx) error) error {
	return s.house.store.Write(ctx, func(tx *store.Tx) error {
		rows, _, err := tx.Settings()
		if err != nil {
			return err
		}
		if rowOf(rows, of).Revision != revision {
			return web.ErrStale
		}
		if err := do(tx); err != nil {
			return err
		}
		return tx.AppendAudit(auditEntry(d))
	})
}
