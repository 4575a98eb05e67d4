package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"calport/directory"
	"calport/profiles"
	"calport/server/store"
)

// Settings are kept in the store a row for each scope, everyone, group or person, each row the TOML of a document
// that holds this scope alone. GUIDs name groups and people there, so that a rename loses nothing.

// settingsDocument joins the rows of the store to one document.
func settingsDocument(rows []store.Setting) (*profiles.Document, error) {
	doc := &profiles.Document{}
	for _, row := range rows {
		one, err := profiles.ParseDocument("settings of "+string(row.Scope)+" "+row.Subject, []byte(row.Text))
		if err != nil {
			return nil, err
		}
		if row.Scope == store.Everyone {
			doc.Everyone = one.Everyone
		}
		doc.Groups = append(doc.Groups, one.Groups...)
		doc.People = append(doc.People, one.People...)
	}
	return doc, nil
}

// settingsRows divides a document into the rows of the store.
func settingsRows(doc *profiles.Document) ([]store.Setting, error) {
	var rows []store.Setting
	add := func(scope store.SettingScope, subject string, priority int, one profiles.Document) error {
		text, err := one.TOML()
		if err != nil {
			return err
		}
		rows = append(rows, store.Setting{Scope: scope, Subject: strings.ToLower(subject), Priority: priority, Text: string(text)})
		return nil
	}
	if err := add(store.Everyone, "", 0, profiles.Document{Everyone: doc.Everyone}); err != nil {
		return nil, err
	}
	for _, g := range doc.Groups {
		if err := add(store.OfGroup, g.GUID, g.Priority, profiles.Document{Groups: []profiles.GroupSettings{g}}); err != nil {
			return nil, err
		}
	}
	for _, p := range doc.People {
		if err := add(store.OfPerson, p.GUID, 0, profiles.Document{People: []profiles.PersonSettings{p}}); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// resolveSettings finds the groups and people that a document names; every one that is not there is a mistake.
func resolveSettings(doc *profiles.Document, s *directory.Snapshot) error {
	var errs []error
	find := func(key string, kind directory.Kind, name, guid *string) {
		p := s.ByGUID(*guid)
		if *guid == "" {
			p = s.ByName(kind, *name)
		}
		if p == nil || p.Kind != kind {
			errs = append(errs, fmt.Errorf("%s: %q is not in the directory", key, *name+*guid))
			return
		}
		*name, *guid = p.ShortName, p.GUID
	}
	for i := range doc.Groups {
		find(fmt.Sprintf("group[%d]", i), directory.Group, &doc.Groups[i].Name, &doc.Groups[i].GUID)
	}
	for i := range doc.People {
		find(fmt.Sprintf("person[%d]", i), directory.Individual, &doc.People[i].Name, &doc.People[i].GUID)
	}
	return errors.Join(errs...)
}

// importSettings replaces all settings by those of the document, or changes nothing.
func (h *house) importSettings(ctx context.Context, doc *profiles.Document, actor string) error {
	rows, err := settingsRows(doc)
	if err != nil {
		return err
	}
	if _, err := profiles.NewGenerator(h.profileServer(), doc); err != nil {
		return err
	}
	old, _, err := h.store.Settings(ctx)
	if err != nil {
		return err
	}
	return h.store.Write(ctx, func(tx *store.Tx) error {
		for _, row := range old {
			if err := tx.DeleteSetting(row.Scope, row.Subject); err != nil {
				return err
			}
		}
		for _, row := range rows {
			if _, err := tx.PutSetting(row); err != nil {
				return err
			}
		}
		return tx.AppendAudit(store.AuditEntry{Actor: actor, Action: "settings.import", Detail: fmt.Sprintf("%d groups, %d people", len(doc.Groups), len(doc.People))})
	})
}

// seedSettings takes the configuration's settings file on first start. Groups and people it names are resolved when
// they are used, since the directory may not have been read yet.
func (h *house) seedSettings(ctx context.Context) error {
	rows, _, err := h.store.Settings(ctx)
	if err != nil || len(rows) > 0 {
		return err
	}
	doc := &profiles.Document{}
	if file := h.config.Profiles.Settings; file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("profiles.settings: %w", err)
		}
		if doc, err = profiles.ParseDocument(file, text); err != nil {
			return err
		}
	}
	if len(doc.Groups)+len(doc.People) > 0 {
		if h.directory, err = h.openDirectory(doc.LDAPAttributes()); err != nil {
			return err
		}
		defer func() { h.directory.Close(); h.directory = nil }()
		all, err := readAll(ctx, h.directory)
		if err != nil {
			return fmt.Errorf("profiles.settings names groups or people, and the directory cannot be read: %w", err)
		}
		if err := resolveSettings(doc, directory.NewSnapshot(all, h.now())); err != nil {
			return fmt.Errorf("%s: %w", h.config.Profiles.Settings, err)
		}
	}
	return h.importSettings(ctx, doc, "configuration")
}

func readAll(ctx context.Context, d directory.Directory) ([]*directory.Principal, error) {
	var all []*directory.Principal
	err := d.Read(ctx, func(p *directory.Principal) error {
		all = append(all, p)
		return nil
	})
	return all, err
}

func setupSettingsExport(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		return p.withHouse(ctx, func(h *house) error {
			rows, _, err := h.store.Settings(ctx)
			if err != nil {
				return err
			}
			doc, err := settingsDocument(rows)
			if err != nil {
				return err
			}
			text, err := doc.TOML()
			if err != nil {
				return err
			}
			if reflect.ValueOf(*doc).IsZero() { // nothing to export: show what there could be
				example, err := profiles.Example()
				if err != nil {
					return err
				}
				text = append(append(text, '\n'), example...)
			}
			if len(args) == 1 && args[0] != "-" {
				return os.WriteFile(args[0], text, 0o600)
			}
			_, err = p.out.Write(text)
			return err
		})
	}
}

func setupSettingsImport(p *program, _ *cobra.Command) func(context.Context, []string) error {
	return func(ctx context.Context, args []string) error {
		text, err := p.readFile(args[0])
		if err != nil {
			return err
		}
		doc, err := profiles.ParseDocument(args[0], text)
		if err != nil {
			return err
		}
		return p.withHouse(ctx, func(h *house) error {
			if len(doc.Groups)+len(doc.People) > 0 {
				if err := h.loadPeople(ctx); err != nil {
					return err
				}
				if err := resolveSettings(doc, h.people.Snapshot()); err != nil {
					return err
				}
			}
			if err := h.importSettings(ctx, doc, "settings import"); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "Settings of everyone, %d groups and %d people are in force.\n", len(doc.Groups), len(doc.People))
			return nil
		})
	}
}

// readFile reads a file, or standard input for "-".
func (p *program) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(p.in, maxInput))
	}
	return os.ReadFile(name)
}

// maxInput bounds what is read from standard input.
const maxInput = 64 << 20

// withHouse opens the house for one command.
func (p *program) withHouse(ctx context.Context, do func(*house) error) error {
	c, err := p.loadConfig()
	if err != nil {
		return err
	}
	h, err := p.openHouse(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	return do(h)
}
