package signin

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"calport/directory"
)

// maxLength bounds login names and passwords, in octets.
const maxLength = 1024

// maxStrangers is how many logins unknown to the snapshot are remembered.
const maxStrangers = 1 << 12

// identity is whom a login leads to.
type identity struct {
	person *directory.Principal // nil for a stranger to the snapshot
	key    string               // of the account: the GUID, or the folded login of a stranger
	logins []string             // what to ask the directory for, the first that it knows
}

// attr names the account in the log. What a stranger typed is left out: people type passwords there.
func (i identity) attr() slog.Attr {
	if i.person == nil {
		return slog.String("account", "unknown to the directory's snapshot")
	}
	return slog.Group("account", slog.String("name", i.person.ShortName), slog.String("guid", i.person.GUID))
}

// stranger marks keys of accounts that the snapshot does not know; no GUID begins so.
const stranger = "?"

// resolve finds the account of a login in the snapshot. iOS 18.4 sends user%40dom for user@dom: a login is taken as
// given, then percent-decoded.
func resolve(s *directory.Snapshot, login string) (identity, error) {
	person, err := s.ByLogin(login)
	if err == nil {
		return identity{person, person.GUID, []string{login}}, nil
	}
	if errors.Is(err, directory.ErrAmbiguous) {
		return identity{key: stranger + directory.Fold(login)}, directory.ErrCredentials
	}
	unknown := identity{key: stranger + directory.Fold(login), logins: []string{login}}
	decoded, err := url.PathUnescape(login)
	if err != nil || decoded == login || strings.Contains(decoded, "\x00") {
		return unknown, nil
	}
	if person, err = s.ByLogin(decoded); err == nil {
		return identity{person, person.GUID, []string{decoded}}, nil
	}
	unknown.logins = append(unknown.logins, decoded)
	return unknown, nil
}
