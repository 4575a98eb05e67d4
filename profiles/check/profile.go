package check

import (
	"context"
	"fmt"
	"strings"

	"calport/profiles"
)

// judgeProfile holds the profile against the key tables.
func judgeProfile(_ context.Context, w *walk) (string, error) {
	if w.account.Profile == nil {
		return "", skip("no profile is given")
	}
	var cautions []string
	for _, f := range profiles.Verify(w.account.Profile) {
		text := f.Path + ": " + f.Detail
		if f.Severity == profiles.Error {
			return "", failed(text, f.Remedy)
		}
		cautions = append(cautions, text)
	}
	if len(cautions) > 0 {
		return "", odd(strings.Join(cautions, "; "), "see `calport profile verify`")
	}
	return fmt.Sprintf("%d bytes, nothing is wrong", len(w.account.Profile)), nil
}

// compareProfile holds what the profile names against what the walk found.
func compareProfile(_ context.Context, w *walk) (string, error) {
	values, err := profiles.Parse(w.account.Profile)
	if err != nil {
		return "", err
	}
	accounts := 0
	payloads, _ := values["PayloadContent"].([]any)
	for _, p := range payloads {
		payload, _ := p.(profiles.Dict)
		if payload["PayloadType"] != "com.apple.caldav.account" {
			continue
		}
		accounts++
		host, _ := payload["CalDAVHostName"].(string)
		user, _ := payload["CalDAVUsername"].(string)
		if !strings.EqualFold(host, w.host) || fmt.Sprint(payload["CalDAVPort"]) != fmt.Sprint(w.port) {
			return "", failed(fmt.Sprintf("the profile names %s port %v, but the walk went to %s", host, payload["CalDAVPort"], w.authority()),
				"correct server.public_host and server.public_port, or the SRV record")
		}
		if w.account.User != "" && user != w.account.User {
			return "", odd(fmt.Sprintf("the profile signs in as %q, the walk as %q", user, w.account.User), "walk with the profile's user name")
		}
	}
	if accounts == 0 {
		return "", failed("the profile has no calendar account", "make it anew")
	}
	return fmt.Sprintf("%s as %s", w.authority(), w.account.User), nil
}
