package ldap

import (
	"strconv"
	"strings"
	"time"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// stateRule reads the condition of an account from one attribute.
type stateRule struct {
	attribute string
	// read answers Active if the values forbid nothing, else the state and the directory's own word.
	read func(values []string, now time.Time) (directory.State, string)
}

// stateOf answers what the first rule says that does not say Active.
func stateOf(e *goldap.Entry, rules []stateRule, now time.Time) (directory.State, string) {
	for _, rule := range rules {
		values := e.GetEqualFoldAttributeValues(rule.attribute)
		if len(values) == 0 {
			continue
		}
		if state, detail := rule.read(values, now); state != directory.Active {
			return state, detail
		}
	}
	return directory.Active, ""
}

// Active Directory, [MS-ADTS] section 2.2.16 and [MS-ADA] 1 to 3.
var (
	userAccountControl = stateRule{"userAccountControl", func(v []string, _ time.Time) (directory.State, string) {
		if bits(v)&0x2 != 0 {
			return directory.Disabled, "userAccountControl: ACCOUNTDISABLE"
		}
		return directory.Active, ""
	}}
	computedAccountControl = stateRule{"msDS-User-Account-Control-Computed", func(v []string, _ time.Time) (directory.State, string) {
		switch {
		case bits(v)&0x10 != 0:
			return directory.Locked, "msDS-User-Account-Control-Computed: LOCKOUT"
		case bits(v)&0x800000 != 0:
			return directory.Expired, "msDS-User-Account-Control-Computed: PASSWORD_EXPIRED"
		}
		return directory.Active, ""
	}}
	accountExpires = stateRule{"accountExpires", func(v []string, now time.Time) (directory.State, string) {
		ticks, err := strconv.ParseInt(v[0], 10, 64)
		if err != nil || ticks <= 0 || ticks == 1<<63-1 || fileTime(ticks).After(now) {
			return directory.Active, ""
		}
		return directory.Expired, "accountExpires: " + fileTime(ticks).Format(time.RFC3339)
	}}
	pwdLastSet = stateRule{"pwdLastSet", func(v []string, _ time.Time) (directory.State, string) {
		if v[0] == "0" {
			return directory.MustChange, "pwdLastSet: 0"
		}
		return directory.Active, ""
	}}
)

// FreeIPA and 389 Directory Server.
var (
	nsAccountLock          = stateRule{"nsAccountLock", whenTrue(directory.Disabled, "nsAccountLock")}
	accountUnlockTime      = stateRule{"accountUnlockTime", untilTime(directory.Locked, "accountUnlockTime")}
	krbPrincipalExpiration = stateRule{"krbPrincipalExpiration", afterTime(directory.Expired, "krbPrincipalExpiration")}
	krbPasswordExpiration  = stateRule{"krbPasswordExpiration", afterTime(directory.Expired, "krbPasswordExpiration")}
)

// OpenLDAP's ppolicy (draft-behera-ldap-password-policy-10 section 5.3) and shadowAccount (RFC 2307).
var (
	pwdAccountLockedTime = stateRule{"pwdAccountLockedTime", func(v []string, _ time.Time) (directory.State, string) {
		return directory.Locked, "pwdAccountLockedTime: " + v[0]
	}}
	pwdEndTime   = stateRule{"pwdEndTime", afterTime(directory.Expired, "pwdEndTime")}
	pwdReset     = stateRule{"pwdReset", whenTrue(directory.MustChange, "pwdReset")}
	shadowExpire = stateRule{"shadowExpire", func(v []string, now time.Time) (directory.State, string) {
		// Days since 1970. Zero is ambiguous (shadow(5)), negative is never.
		if days, err := strconv.ParseInt(v[0], 10, 32); err == nil && days > 0 && now.Unix() >= days*86400 {
			return directory.Expired, "shadowExpire: " + time.Unix(days*86400, 0).UTC().Format(time.DateOnly)
		}
		return directory.Active, ""
	}}
)

// Open Directory.
var (
	authAuthority = stateRule{"authAuthority", func(v []string, _ time.Time) (directory.State, string) {
		for _, value := range v {
			if strings.Contains(value, ";DisabledUser;") {
				return directory.Disabled, "authAuthority: DisabledUser"
			}
		}
		return directory.Active, ""
	}}
	applePasswordPolicy = stateRule{"apple-user-passwordpolicy", func(v []string, _ time.Time) (directory.State, string) {
		for _, setting := range strings.Fields(strings.Join(v, " ")) {
			switch setting {
			case "isDisabled=1":
				return directory.Disabled, "apple-user-passwordpolicy: isDisabled"
			case "newPasswordRequired=1":
				return directory.MustChange, "apple-user-passwordpolicy: newPasswordRequired"
			}
		}
		return directory.Active, ""
	}}
)

func whenTrue(s directory.State, detail string) func([]string, time.Time) (directory.State, string) {
	return func(v []string, _ time.Time) (directory.State, string) {
		if strings.EqualFold(v[0], "TRUE") {
			return s, detail
		}
		return directory.Active, ""
	}
}

// afterTime speaks once a time has come, untilTime as long as it has not.
func afterTime(s directory.State, detail string) func([]string, time.Time) (directory.State, string) {
	return func(v []string, now time.Time) (directory.State, string) {
		if at, ok := generalizedTime(v[0]); ok && !now.Before(at) {
			return s, detail + ": " + at.Format(time.RFC3339)
		}
		return directory.Active, ""
	}
}

func untilTime(s directory.State, detail string) func([]string, time.Time) (directory.State, string) {
	return func(v []string, now time.Time) (directory.State, string) {
		if at, ok := generalizedTime(v[0]); ok && now.Before(at) {
			return s, detail + ": " + at.Format(time.RFC3339)
		}
		return directory.Active, ""
	}
}

// bits reads a signed 32-bit number as flags.
func bits(v []string) uint32 {
	n, _ := strconv.ParseInt(v[0], 10, 64)
	return uint32(n)
}

// fileTime reads 100-nanosecond ticks since 1601 ([MS-DTYP] section 2.3.3).
func fileTime(ticks int64) time.Time {
	const from1601To1970 = 11644473600
	return time.Unix(ticks/1e7-from1601To1970, ticks%1e7*100).UTC()
}

// generalizedTime reads RFC 4517 section 3.3.13; minutes and seconds may be missing.
func generalizedTime(s string) (time.Time, bool) {
	for _, layout := range [...]string{"20060102150405Z0700", "200601021504Z0700", "2006010215Z0700"} {
		if t, err := time.Parse(layout, s); err == nil { // a fraction after the seconds is accepted by Parse
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
