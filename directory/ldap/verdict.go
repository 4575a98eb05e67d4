package ldap

import (
	"errors"
	"regexp"
	"strings"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

// verdict turns the answer to a bind into what Authenticate answers. What the server says in controls and codes
// comes first; then what the attributes say that the server does not enforce.
func (d *Directory) verdict(c *conn, p *directory.Principal, detail string, controls []goldap.Control, err error) error {
	if refused := policyVerdict(controls); refused != nil {
		return refused
	}
	if err == nil {
		// A server that let somebody in has judged a lock-out itself; only it knows when that ends.
		if p.State != directory.Active && p.State != directory.Locked {
			return &directory.AccountError{State: p.State, Detail: detail}
		}
		p.State = directory.Active
		return nil
	}
	var answered *goldap.Error
	if !errors.As(err, &answered) {
		return unavailable(c.server, "binding", err)
	}
	said := ""
	if answered.Err != nil {
		said = answered.Err.Error()
	}
	switch answered.ResultCode {
	case goldap.LDAPResultInvalidCredentials:
		if refused, ok := activeDirectoryVerdict(said); ok {
			return refused
		}
		if p.State == directory.Locked { // servers hide a lock-out behind invalidCredentials
			return &directory.AccountError{State: p.State, Detail: detail}
		}
		return directory.ErrCredentials
	case goldap.LDAPResultInappropriateAuthentication, goldap.LDAPResultNoSuchObject:
		return directory.ErrCredentials // an entry without password, or gone since the search
	case goldap.LDAPResultConstraintViolation: // 389 Directory Server: Exceed password retry limit
		return &directory.AccountError{State: directory.Locked, Detail: said}
	case goldap.LDAPResultUnwillingToPerform:
		if p.State != directory.Active {
			return &directory.AccountError{State: p.State, Detail: detail}
		}
		if strings.Contains(strings.ToLower(said), "inactivated") { // 389 Directory Server: Account inactivated
			return &directory.AccountError{State: directory.Disabled, Detail: said}
		}
	}
	return unavailable(c.server, "checking a password", err)
}

// policyVerdict reads the controls of draft-behera-ldap-password-policy-10 section 6.2 and of
// draft-vchu-ldap-pwd-policy-00 section 5.
func policyVerdict(controls []goldap.Control) error {
	for _, control := range controls {
		switch c := control.(type) {
		case *goldap.ControlBeheraPasswordPolicy:
			if state, ok := policyErrors[c.Error]; ok {
				return &directory.AccountError{State: state, Detail: "ppolicy: " + c.ErrorString}
			}
		case *goldap.ControlVChuPasswordMustChange:
			if c.MustChange {
				return &directory.AccountError{State: directory.MustChange, Detail: "password must be changed after reset"}
			}
		}
	}
	return nil
}

// policyErrors are those that can answer a bind.
var policyErrors = map[int8]directory.State{
	goldap.BeheraPasswordExpired:  directory.Expired,
	goldap.BeheraAccountLocked:    directory.Locked,
	goldap.BeheraChangeAfterReset: directory.MustChange,
}

// subCodes are the causes that Active Directory adds to invalidCredentials, Win32 error codes in hexadecimal
// ([MS-ERREF] section 2.2). A code with Active says no more than wrong name or password.
var subCodes = map[string]struct {
	state directory.State
	words string
}{
	"525": {directory.Active, "no such user"},
	"52e": {directory.Active, "wrong password"},
	"530": {directory.Disabled, "not permitted to sign in at this time"},
	"531": {directory.Disabled, "not permitted to sign in from this machine"},
	"532": {directory.Expired, "password expired"},
	"533": {directory.Disabled, "account disabled"},
	"701": {directory.Expired, "account expired"},
	"773": {directory.MustChange, "password must be changed"},
	"775": {directory.Locked, "account locked"},
}

// subCode finds the cause in a message such as
// "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839".
var subCode = regexp.MustCompile(`(?i)\bdata ([0-9a-f]{1,8})\b`)

func activeDirectoryVerdict(said string) (error, bool) {
	found := subCode.FindStringSubmatch(said)
	if found == nil {
		return nil, false
	}
	cause, known := subCodes[strings.ToLower(found[1])]
	if !known || cause.state == directory.Active {
		return directory.ErrCredentials, true
	}
	return &directory.AccountError{State: cause.state, Detail: "AD " + strings.ToLower(found[1]) + ": " + cause.words}, true
}
