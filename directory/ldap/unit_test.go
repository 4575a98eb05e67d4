package ldap

import (
	"errors"
	"strings"
	"testing"
	"time"

	"calport/directory"

	goldap "github.com/go-ldap/ldap/v3"
)

func TestOptionsAtFaultAreNamed(t *testing.T) {
	for _, c := range []struct {
		want string
		o    Options
	}{
		{"servers", Options{}},
		{"servers[0]", Options{Servers: []string{"ldap://a"}}},
		{"start_tls", Options{Servers: []string{"ldap://a"}}},
		{"servers[1]", Options{Servers: []string{"ldaps://a", "http://b"}}},
		{"servers[0]", Options{Servers: []string{"ldaps://"}}},
		{"base", Options{Servers: []string{"ldaps://a/dc=example"}}},
		{"bind_dn", Options{Servers: []string{"ldaps://cn=x:secret@a"}}},
		{"CA", Options{Servers: []string{"ldaps://a"}, CA: []byte("no PEM")}},
		{"bind_password", Options{Servers: []string{"ldaps://a"}, BindDN: "cn=x"}},
		{"bind_dn", Options{Servers: []string{"ldaps://a"}, BindPassword: "x"}},
		{"flavour", Options{Servers: []string{"ldaps://a"}, Flavour: "nds"}},
		{"people.base", Options{Servers: []string{"ldaps://a"}, People: Area{Base: "people"}}},
		{"rooms.filter", Options{Servers: []string{"ldaps://a"}, Rooms: Area{Filter: "(cn=a"}}},
		{"attributes.mails", Options{Servers: []string{"ldaps://a"}, Attributes: Attributes{Mails: []string{"mail)(uid=*"}}}},
		{"keep", Options{Servers: []string{"ldaps://a"}, Keep: []string{"a b"}}},
		{"delegates", Options{Servers: []string{"ldaps://a"}, Delegates: DelegateGroups{ReadSuffix: "-x", WriteSuffix: "-X"}}},
		{"timeout", Options{Servers: []string{"ldaps://a"}, Timeout: -1}},
		{"page_size", Options{Servers: []string{"ldaps://a"}, PageSize: -1}},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%+v): got %v, want an error that names %s", c.o, err, c.want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error %q contains a password", err)
		}
	}
	if _, err := New(Options{Servers: []string{"ldaps://a:6360", "ldap://[::1]", "ldapi://%2Frun%2Fldapi"}, StartTLS: true}); err != nil {
		t.Errorf("good options: %v", err)
	}
}

func TestObjectGUIDIsMixedEndian(t *testing.T) {
	raw := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	if got, ok := formatObjectGUID(raw); !ok || got != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("got %s, %v", got, ok)
	}
	if _, ok := formatObjectGUID(raw[:15]); ok {
		t.Error("15 octets are accepted")
	}
}

func TestDNKey(t *testing.T) {
	for _, same := range [][]string{
		{"uid=ada,ou=people,dc=example", "UID=Ada, OU=People , DC=example", `uid=\61da,ou=people,dc=example`},
		{"cn=x,dc=y", "cn=x,dc=y#'0101'B"},
		{`cn=Lovelace\, Ada,dc=y`, `CN=lovelace\2c ada,DC=Y`},
		{"uid=zoë,dc=y", "uid=ZOË,dc=y", `uid=zo\c3\ab,dc=y`},
	} {
		for _, dn := range same[1:] {
			if got, want := dnKey(dn), dnKey(same[0]); got != want {
				t.Errorf("dnKey(%q): got %q, want %q", dn, got, want)
			}
		}
	}
	if dnKey("cn=a,dc=y") == dnKey("cn=b,dc=y") {
		t.Error("two entries have the same key")
	}
	if within("ou=roomsy,dc=y", "ou=rooms,dc=y") || !within("cn=a,ou=rooms,dc=y", "ou=rooms,dc=y") || !within("dc=y", "dc=y") {
		t.Error("within is wrong")
	}
}

func TestActiveDirectorySubCodes(t *testing.T) {
	for code, want := range map[string]directory.State{
		"525": directory.Active, "52e": directory.Active, "530": directory.Disabled, "531": directory.Disabled,
		"532": directory.Expired, "533": directory.Disabled, "701": directory.Expired, "773": directory.MustChange,
		"775": directory.Locked, "80070057": directory.Active,
	} {
		err, ok := activeDirectoryVerdict("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data " + strings.ToUpper(code) + ", v3839")
		var account *directory.AccountError
		switch {
		case !ok:
			t.Errorf("%s is not recognised", code)
		case want == directory.Active && err != directory.ErrCredentials:
			t.Errorf("%s: got %v, want ErrCredentials", code, err)
		case want != directory.Active && (!errors.As(err, &account) || account.State != want || !strings.Contains(account.Detail, code)):
			t.Errorf("%s: got %v, want an AccountError, %v, with the code", code, err, want)
		}
	}
	if _, ok := activeDirectoryVerdict("Invalid credentials"); ok {
		t.Error("a message of another server is taken for Active Directory's")
	}
}

func TestVerdictOnBindErrors(t *testing.T) {
	d := &Directory{}
	c := &conn{server: &server{url: "ldap://x"}}
	person := func(s directory.State) *directory.Principal { return &directory.Principal{State: s} }
	failed := func(code uint16, said string) error { return goldap.NewError(code, errors.New(said)) }
	for _, test := range []struct {
		why  string
		p    *directory.Principal
		err  error
		want any // an error to be, or a state
	}{
		{"wrong password", person(directory.Active), failed(49, ""), directory.ErrCredentials},
		{"wrong password of a disabled account", person(directory.Disabled), failed(49, ""), directory.ErrCredentials},
		{"hidden lock-out", person(directory.Locked), failed(49, ""), directory.Locked},
		{"389: retry limit", person(directory.Active), failed(19, "Exceed password retry limit. Please try later."), directory.Locked},
		{"389: inactivated", person(directory.Active), failed(53, "Account inactivated. Contact system administrator."), directory.Disabled},
		{"no password at all", person(directory.Active), failed(48, ""), directory.ErrCredentials},
		{"gone since", person(directory.Active), failed(32, ""), directory.ErrCredentials},
		{"unwilling", person(directory.Active), failed(53, ""), directory.ErrUnavailable},
		{"busy", person(directory.Active), failed(51, ""), directory.ErrUnavailable},
		{"confidentiality", person(directory.Active), failed(13, ""), directory.ErrUnavailable},
		{"right, but expired", person(directory.Expired), nil, directory.Expired},
		{"right, the lock-out is over", person(directory.Locked), nil, nil},
	} {
		err := d.verdict(c, test.p, "detail", nil, test.err)
		var account *directory.AccountError
		switch want := test.want.(type) {
		case directory.State:
			if !errors.As(err, &account) || account.State != want {
				t.Errorf("%s: got %v, want an AccountError, %v", test.why, err, want)
			}
		case error:
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", test.why, err, want)
			}
		case nil:
			if err != nil {
				t.Errorf("%s: got %v, want nil", test.why, err)
			}
		}
	}
}

func TestAccountStates(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		attribute, value string
		want             directory.State
	}{
		{"userAccountControl", "512", directory.Active},
		{"userAccountControl", "514", directory.Disabled},
		{"userAccountControl", "-2147483134", directory.Disabled},
		{"msDS-User-Account-Control-Computed", "16", directory.Locked},
		{"msDS-User-Account-Control-Computed", "8388608", directory.Expired},
		{"accountExpires", "0", directory.Active},
		{"accountExpires", "9223372036854775807", directory.Active},
		{"accountExpires", "132223104000000000", directory.Expired}, // 2020
		{"accountExpires", "157766880000000000", directory.Active},  // 2100
		{"pwdLastSet", "0", directory.MustChange},
		{"pwdLastSet", "132000000000000000", directory.Active},
		{"nsAccountLock", "true", directory.Disabled},
		{"nsAccountLock", "FALSE", directory.Active},
		{"accountUnlockTime", "20261102100000Z", directory.Locked},
		{"accountUnlockTime", "20261102080000Z", directory.Active},
		{"krbPasswordExpiration", "20261102085959Z", directory.Expired},
		{"krbPasswordExpiration", "20261102100000.0Z", directory.Active},
		{"krbPrincipalExpiration", "20261102100000+0200", directory.Expired},
		{"pwdAccountLockedTime", "000001010000Z", directory.Locked},
		{"pwdReset", "TRUE", directory.MustChange},
		{"pwdEndTime", "2026110208Z", directory.Expired},
		{"shadowExpire", "-1", directory.Active},
		{"shadowExpire", "0", directory.Active},
		{"shadowExpire", "1", directory.Expired},
		{"shadowExpire", "99999", directory.Active},
		{"authAuthority", ";DisabledUser;;ApplePasswordServer;0x1", directory.Disabled},
		{"apple-user-passwordpolicy", "isDisabled=1", directory.Disabled},
	} {
		e := goldap.NewEntry("cn=x", map[string][]string{test.attribute: {test.value}})
		found := false
		for _, f := range flavours {
			for _, rule := range f.state {
				if rule.attribute != test.attribute {
					continue
				}
				found = true
				got, detail := stateOf(e, []stateRule{rule}, now)
				if got != test.want || (got != directory.Active) != (detail != "") {
					t.Errorf("%s=%s: got %v (%s), want %v", test.attribute, test.value, got, detail, test.want)
				}
			}
		}
		if !found {
			t.Errorf("no flavour has a rule for %s", test.attribute)
		}
	}
}

func TestRangedAttribute(t *testing.T) {
	for _, test := range []struct {
		name string
		next int
	}{{"member;range=0-1499", 1500}, {"Member;Range=1500-*", -1}, {"member;range=1500-2999", 3000}} {
		e := &goldap.Entry{Attributes: []*goldap.EntryAttribute{{Name: "member"}, {Name: test.name, Values: []string{"cn=a"}}}}
		if piece, next := rangeOf(e, "member"); piece == nil || next != test.next {
			t.Errorf("%s: got %v, %d, want %d", test.name, piece, next, test.next)
		}
	}
	if piece, _ := rangeOf(goldap.NewEntry("", map[string][]string{"member": {"cn=a"}}), "member"); piece != nil {
		t.Error("a plain attribute is taken for a piece")
	}
}

func TestLoginFilterEscapes(t *testing.T) {
	sh := &shape{flavour: flavourNamed("activedirectory"), attributes: flavourNamed("activedirectory").attributes, domain: "CORP", dnsDomain: "corp.test"}
	for login, want := range map[string]string{
		"a*(b)\\":        `(sAMAccountName=a\2a\28b\29\5c)`,
		`corp\ada`:       `(sAMAccountName=ada)`,
		"ada@CORP.test":  `(sAMAccountName=ada)`,
		"countess@other": `(proxyAddresses=smtp:countess@other)`,
		"zoë":            `(mail=zo\c3\ab)`,
	} {
		got := sh.loginFilter(login)
		if !strings.Contains(got, want) {
			t.Errorf("loginFilter(%q): got %s, want it to contain %s", login, got, want)
		}
		if _, err := goldap.CompileFilter(got); err != nil {
			t.Errorf("loginFilter(%q): %v", login, err)
		}
	}
}

func TestServersAreAvoidedLongerAndLonger(t *testing.T) {
	s, now, failure := &server{}, time.Unix(1_800_000_000, 0), errors.New("down")
	for _, least := range []time.Duration{150 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond} {
		s.note(failure, now)
		if s.avoided(now.Add(least)) != failure {
			t.Errorf("not avoided after %v", least)
		}
	}
	for range 20 {
		s.note(failure, now)
	}
	if s.avoided(now.Add(maxAvoidance*5/4)) != nil {
		t.Errorf("avoided for longer than %v and a quarter", maxAvoidance)
	}
	s.note(nil, now)
	if s.avoided(now) != nil {
		t.Error("avoided after a success")
	}
}

func FuzzDNKey(f *testing.F) {
	for _, seed := range []string{"uid=ada,dc=x", `cn=a\,b+sn=c,dc=x`, "cn=x#'01'B", `cn=\`, "=,", "cn=#04"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dn string) {
		if key := dnKey(dn); dnKey(key) != key && !strings.ContainsAny(dn, `\"+; #=`) {
			t.Errorf("the key of %q, %q, has another key %q", dn, key, dnKey(key))
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add("cn=x,dc=y", "member;range=0-1", "132", "20260101Z")
	f.Add(`uid=\zz`, "objectGUID", "0123456789abcdef", "a=b")
	f.Fuzz(func(t *testing.T, dn, name, value, other string) {
		e := &goldap.Entry{DN: dn, Attributes: []*goldap.EntryAttribute{
			{Name: name, Values: []string{value, other}, ByteValues: [][]byte{[]byte(value), []byte(other)}},
			{Name: "uid", Values: []string{other, value}}, {Name: "entryUUID", Values: []string{"g"}},
		}}
		for i := range flavours {
			sh := &shape{flavour: &flavours[i], attributes: flavours[i].attributes}
			for _, rule := range flavours[i].state {
				rule.read([]string{value}, time.Unix(0, 0))
			}
			if p := sh.person(e, time.Unix(0, 0)); p != nil && (p.GUID == "" || p.ShortName == "") {
				t.Errorf("a person without GUID or name: %+v", p)
			}
			sh.place(directory.Room, e)
			rangeOf(e, name)
			activeDirectoryVerdict(value)
		}
	})
}

func TestLockOutsEndByTheirPolicy(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	l := lockouts{of: map[string]time.Duration{dnKey("cn=brief,dc=x"): time.Minute, dnKey("cn=endless,dc=x"): 0}, longest: time.Hour}
	for _, c := range []struct {
		name, since, policy string
		of                  lockouts
		want                bool
	}{
		{"under way", "20261129113000Z", "", l, false},
		{"over", "20261129105959Z", "", l, true},
		{"over by a policy of its own", "20261129113000Z", "CN=Brief, dc=X", l, true},
		{"one that an administrator ends", "20200101000000Z", "cn=endless,dc=x", l, false},
		{"by an administrator", "000001010000Z", "", l, false},
		{"no policy is known", "20200101000000Z", "", lockouts{}, false},
		{"no time", "soon", "", l, false},
	} {
		attributes := map[string][]string{}
		if c.policy != "" {
			attributes[policySubentry] = []string{c.policy}
		}
		if got := c.of.over(goldap.NewEntry("uid=ada,dc=x", attributes), c.since, now); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
