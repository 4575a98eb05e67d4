package web

import (
	"context"
	"strings"
	"sync"

	"calport/directory"
	"calport/profiles"
)

// memorySettings keeps the settings of a house in memory; the real ones are those of package cmd, whose tests change
// them in a browser's way too.
type memorySettings struct {
	mu        sync.Mutex
	config    profiles.ServerConfig
	document  *profiles.Document
	revisions map[Scope]int64
	last      int64
	audit     Audit
}

func (m *memorySettings) Document(context.Context) (*profiles.Document, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.document, nil
}

func (m *memorySettings) Generator(d *profiles.Document) (*profiles.Generator, error) {
	return profiles.NewGenerator(m.config, d)
}

func (m *memorySettings) current() (*profiles.Generator, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return profiles.NewGenerator(m.config, m.document)
}

func scopeKey(of Scope) Scope { return Scope{Kind: of.Kind, GUID: strings.ToLower(of.GUID)} }

func (m *memorySettings) FindSettings(_ context.Context, of Scope) (found ScopeSettings, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found.Revision = m.revisions[scopeKey(of)]
	switch of.Kind {
	case directory.Group:
		for _, g := range m.document.Groups {
			if strings.EqualFold(g.GUID, of.GUID) {
				found.Settings, found.Priority = g.Settings, g.Priority
			}
		}
	case directory.Individual:
		for _, p := range m.document.People {
			if strings.EqualFold(p.GUID, of.GUID) {
				found.Settings = p.Settings
			}
		}
	default:
		found.Settings = m.document.Everyone
	}
	return found, nil
}

func (m *memorySettings) PutSettings(ctx context.Context, of Scope, s ScopeSettings, d Deed) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.revisions[scopeKey(of)] != s.Revision {
		return ErrStale
	}
	m.last++
	m.document, m.revisions[scopeKey(of)] = s.Within(m.document, of), m.last
	return m.audit.Note(ctx, d)
}

func (m *memorySettings) DeleteSettings(ctx context.Context, of Scope, revision int64, d Deed) error {
	if err := m.PutSettings(ctx, of, ScopeSettings{Revision: revision}, d); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.revisions, scopeKey(of))
	return nil
}
