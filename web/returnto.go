package web

import (
	"net/url"
	"strings"
	"unicode"
)

// maxReturnTo is the longest link that survives signing in, in bytes.
const maxReturnTo = 1024

// returnTo is the page of the portal that a link names, for going there after signing in; home for anything else.
func returnTo(link string) string {
	to := portalLink(link)
	if path, _, _ := strings.Cut(to, "?"); path == signInPath || path == signOutPath || strings.HasPrefix(path, openIDPath) {
		return homePath
	}
	return to
}

// portalLink is a link as it may be followed within the portal; home for anything else. It takes nothing that some
// browser could read as another host: "//host", "/\host", a scheme, a tab in between, or dots that climb.
func portalLink(link string) string {
	strange := func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }
	if len(link) > maxReturnTo || !strings.HasPrefix(link, homePath) || strings.ContainsFunc(link, strange) {
		return homePath
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return homePath
	}
	if !strings.HasPrefix(u.Path, homePath) || strings.ContainsFunc(u.Path, strange) {
		return homePath
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.Path, homePath), "/") {
		if segment == "." || segment == ".." || segment == "" && u.Path != homePath {
			return homePath
		}
	}
	u.Fragment, u.RawFragment = "", ""
	return u.RequestURI()
}
