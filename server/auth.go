package server

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/store"
)

// errNoCredentials: the client sent none, as each does on its first request. It is no failure.
var errNoCredentials = errors.New("no credentials")

// challenge is sent with every 401, later ones of a connection too. The charset makes
// clients send UTF-8 (RFC 7617 section 2.1).
const challenge = `Basic realm="calport", charset="UTF-8"`

// authenticate reads Basic credentials (RFC 7617) and has them checked.
func (s *Server) authenticate(r *http.Request) (*directory.Principal, error) {
	login, password, err := basic(r)
	if err != nil {
		return nil, err
	}
	return s.o.SignIn.Check(r.Context(), signin.Attempt{
		Login: login, Password: password, From: infoOf(r.Context()).client.addr, Client: r.UserAgent(), For: signin.DAV,
	})
}

func basic(r *http.Request) (login, password string, err error) {
	scheme, encoded, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", errNoCredentials // other schemes are challenged, never forbidden: on 403 clients do not ask for a password
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", directory.ErrCredentials
	}
	login, password, ok := strings.Cut(string(raw), ":")
	if !ok {
		return "", "", directory.ErrCredentials
	}
	return login, password, nil
}

// refuse answers a request that could not be authenticated.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var throttled *signin.ThrottledError
	var account *directory.AccountError
	var file *store.FileError
	switch {
	case errors.Is(err, errNoCredentials), errors.Is(err, directory.ErrCredentials):
		unauthorized(w)
	case errors.As(err, &account):
		s.o.Log.InfoContext(r.Context(), "sign-in refused", "id", RequestID(r.Context()), "reason", account.State.String())
		unauthorized(w)
	case errors.Is(err, signin.ErrNotAllowed):
		http.Error(w, "This account may not use the calendar server. Ask the administrator.", http.StatusForbidden)
	case errors.As(err, &throttled):
		unavailable(w, int(throttled.RetryAfter.Seconds())+1, "Too many failed sign-ins; try again later.")
	case errors.Is(err, directory.ErrUnavailable):
		s.o.Log.WarnContext(r.Context(), "the directory cannot be asked", "id", RequestID(r.Context()), "err", err)
		unavailable(w, 30, "The directory cannot be reached at the moment; try again later.")
	case errors.As(err, &file) && file.Unavailable():
		s.o.Log.WarnContext(r.Context(), "the database cannot be asked", "id", RequestID(r.Context()), "err", err)
		unavailable(w, 30, "The server cannot check passwords at the moment; try again later.")
	default:
		s.o.Log.ErrorContext(r.Context(), "sign-in failed", "id", RequestID(r.Context()), "err", err)
		http.Error(w, "Internal error "+RequestID(r.Context()), http.StatusInternalServerError)
	}
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", challenge)
	http.Error(w, "Sign in with your user name and password.", http.StatusUnauthorized)
}

func unavailable(w http.ResponseWriter, seconds int, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	http.Error(w, why, http.StatusServiceUnavailable)
}
