package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"calport/directory"
	"calport/directory/signin"
	"calport/server/store"
)

// maxPasswordName is the longest name of an app password that an export makes, in bytes.
const maxPasswordName = 100

// minter makes app passwords for an export, one of the name for each person, in place of the one that an earlier export
// made. People who may not use the calendar server get none, since theirs would open nothing.
func (h *house) minter(name string) (func(context.Context, *directory.Principal) (string, error), error) {
	if len(name) > maxPasswordName || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
		return nil, &exitError{exitUsage, fmt.Errorf("--app-password %q is no name: write one line of at most %d bytes", name, maxPasswordName)}
	}
	if h.config.SignIn.AppPasswords == "off" {
		return nil, errors.New("sign_in.app_passwords is \"off\": a password in a profile would open nothing")
	}
	return func(ctx context.Context, person *directory.Principal) (string, error) {
		if !h.serves(person) {
			return "", fmt.Errorf("%s may not use the calendar server, so a password would open nothing", person.ShortName)
		}
		secret, owner := signin.NewAppPassword(), strings.ToLower(person.GUID)
		p := store.AppPassword{Owner: owner, Device: "export:" + name, Name: name, Hash: store.HashSecret(secret)}
		if days := h.config.SignIn.AppPasswordDays; days > 0 {
			p.Expires = h.now().Add(time.Duration(days) * 24 * time.Hour)
		}
		if _, err := h.store.CreateAppPassword(ctx, p); err != nil {
			return "", err
		}
		return secret, h.store.Write(ctx, func(tx *store.Tx) error {
			return tx.AppendAudit(store.AuditEntry{Actor: "command line", Action: "app-password.create", Object: owner, Detail: name})
		})
	}, nil
}
