package ldap

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// OpenLDAP leaves pwdAccountLockedTime where it is when a lock-out has ended, until the person's next bind; somebody
// whose devices have app passwords may never bind again. So it is read together with how long the policy locks out
// (draft-behera-ldap-password-policy-10 section 5.2.11).

// policySubentry names the policy of an entry, if it has one of its own.
const policySubentry = "pwdPolicySubentry"

// lockouts is for how long accounts are locked out, as far as the bind account may read the policies.
type lockouts struct {
	of      map[string]time.Duration // by key of the policy's DN; 0 is until an administrator ends it
	longest time.Duration            // of all; 0 if one of them does not end by itself, or none is known
}

// readLockouts asks for the password policies.
func readLockouts(ctx context.Context, c *conn, base string) lockouts {
	l := lockouts{of: map[string]time.Duration{}}
	endless := false
	_ = c.pages(ctx, base, "(objectClass=pwdPolicy)", []string{"pwdLockout", "pwdLockoutDuration"}, 100, func(e *goldap.Entry) error {
		if !strings.EqualFold(e.GetAttributeValue("pwdLockout"), "TRUE") {
			return nil
		}
		seconds, _ := strconv.ParseInt(e.GetAttributeValue("pwdLockoutDuration"), 10, 32)
		lasts := time.Duration(max(seconds, 0)) * time.Second
		l.of[dnKey(e.DN)] = lasts
		l.longest = max(l.longest, lasts)
		endless = endless || lasts == 0
		return nil
	})
	if endless {
		l.longest = 0
	}
	return l
}

// over says whether the lock-out that an entry tells of has ended. One by an administrator, 000001010000Z, never does.
func (l *lockouts) over(e *goldap.Entry, since string, now time.Time) bool {
	at, ok := generalizedTime(since)
	if !ok || at.Year() == 0 {
		return false
	}
	lasts := l.longest
	if own := e.GetEqualFoldAttributeValue(policySubentry); own != "" {
		if known, ok := l.of[dnKey(own)]; ok {
			lasts = known
		}
	}
	return lasts > 0 && !now.Before(at.Add(lasts))
}

// stateOf is what the flavour's rules say of an account, but for a lock-out that has ended.
func (sh *shape) stateOf(e *goldap.Entry, now time.Time) (directory.State, string) {
	rules := sh.flavour.state
	if v := e.GetEqualFoldAttributeValues(pwdAccountLockedTime.attribute); len(v) > 0 && sh.lockouts.over(e, v[0], now) {
		rules = slices.DeleteFunc(slices.Clone(rules), func(r stateRule) bool { return r.attribute == pwdAccountLockedTime.attribute })
	}
	return stateOf(e, rules, now)
}
