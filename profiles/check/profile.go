package check

import (
	"context"
	"fmt"
	"strings"

	"calport/profiles"
)

// judgeProfile holds the profile against the key tables.
func judgeProfile(_ context.Context, w *walk) (profiles.Phrase, error) {
	if w.account.Profile == nil {
		return none, skip(profiles.Say("no profile is given"))
	}
	var cautions []string
	for _, f := range profiles.Verify(w.account.Profile) {
		text := f.Path + ": " + f.Detail
		if f.Severity == profiles.Error {
			return none, failed(profiles.Say("%s", text), f.Remedy)
		}
		cautions = append(cautions, text)
	}
	if len(cautions) > 0 {
		return none, odd(profiles.Say("%s", strings.Join(cautions, "; ")), "see `calport profile verify`")
	}
	return profiles.Say("%d bytes, nothing is wrong", len(w.account.Profile)), nil
}

// compareUser holds the name that the profile signs in with against the account's, before anything is asked under
// either.
func compareUser(_ context.Context, w *walk) (profiles.Phrase, error) {
	switch {
	case w.account.Profile == nil:
		return none, skip(profiles.Say("no profile is given"))
	case w.account.User == "":
		return none, skip(profiles.Say("no user name is given"))
	}
	accounts, err := calendarAccounts(w.account.Profile)
	if err != nil {
		return none, err
	}
	for _, account := range accounts {
		if user, _ := account["CalDAVUsername"].(string); user != w.account.User {
			return none, odd(profiles.Say("the profile signs in as %q, this walk as %q", user, w.account.User),
				"if the server does not know the profile's name, correct the setting user_name (`calport settings import`)")
		}
	}
	return profiles.Say("%q", w.account.User), nil
}

// compareProfile holds the server that the profile names against the one that the walk found.
func compareProfile(_ context.Context, w *walk) (profiles.Phrase, error) {
	accounts, err := calendarAccounts(w.account.Profile)
	if err != nil {
		return none, err
	}
	for _, account := range accounts {
		host, _ := account["CalDAVHostName"].(string)
		if !strings.EqualFold(host, w.host) || fmt.Sprint(account["CalDAVPort"]) != fmt.Sprint(w.port) {
			return none, failed(profiles.Say("the profile names %s port %s, but the walk went to %s", host, fmt.Sprint(account["CalDAVPort"]), w.authority()),
				"correct server.public_host and server.public_port, the settings host and port, or the SRV record")
		}
	}
	if len(accounts) == 0 {
		return none, failed(profiles.Say("the profile has no calendar account"), "make it anew")
	}
	return profiles.Say("%s", w.authority()), nil
}

// calendarAccounts are the payloads of a profile that set up calendars.
func calendarAccounts(profile []byte) ([]profiles.Dict, error) {
	values, err := profiles.Parse(profile)
	if err != nil {
		return nil, err
	}
	var accounts []profiles.Dict
	payloads, _ := values["PayloadContent"].([]any)
	for _, p := range payloads {
		if payload, ok := p.(profiles.Dict); ok && payload["PayloadType"] == "com.apple.caldav.account" {
			accounts = append(accounts, payload)
		}
	}
	return accounts, nil
}
