package web

import (
	"sync"

	"calport/directory"
	"calport/profiles"
)

// etags remembers the ETags of profiles, so that a client that has one is told so without rendering it again. What it
// knows is of one state of the directory, the settings and the signer, and is forgotten with any of them. It is safe for
// concurrent use.
type etags struct {
	mu    sync.Mutex
	state etagState
	known map[etagKey]knownETag
}

type etagState struct {
	people    *directory.Snapshot
	generator *profiles.Generator
	signer    string
}

type etagKey struct {
	person   *directory.Principal
	platform profiles.Platform
	signed   bool
}

type knownETag struct {
	etag   string
	secret bool // the profile holds a password
}

// maxETags bounds the memory, some 10 MB.
const maxETags = 50_000

func (want *wanted) keys() (etagState, etagKey) {
	state := etagState{people: want.people, generator: want.renderer.Generator}
	if want.signed {
		state.signer = want.renderer.Signer.Fingerprint()
	}
	return state, etagKey{want.person, want.platform, want.signed}
}

// of answers what is known of a profile; the zero value if nothing.
func (e *etags) of(want wanted) knownETag {
	state, key := want.keys()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state.people != state.people || e.state.generator != state.generator || state.signer != "" && e.state.signer != state.signer {
		return knownETag{}
	}
	return e.known[key]
}

func (e *etags) note(want wanted, etag string, secret bool) {
	state, key := want.keys()
	e.mu.Lock()
	defer e.mu.Unlock()
	if state.signer == "" {
		state.signer = e.state.signer
	}
	if e.state != state || len(e.known) >= maxETags {
		e.state, e.known = state, make(map[etagKey]knownETag)
	}
	e.known[key] = knownETag{etag, secret}
}
