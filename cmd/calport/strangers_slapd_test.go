package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"calport/directory/demo"
	"calport/directory/directorytest"
)

// useDirectory makes a site read another directory.
func (s *site) useDirectory(t testing.TB, url, base string) {
	t.Helper()
	edit(t, s.config, s.directory.URL(), url)
	edit(t, s.config, demo.BaseDN, base)
}

// as sends a PROPFIND of somebody's own principal and returns the status.
func (in *instance) as(t *testing.T, user, password string) (status int, h http.Header) {
	t.Helper()
	r, err := http.NewRequest("PROPFIND", in.origin+"/principals/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	r.Header.Set("Depth", "0")
	resp, err := in.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Header
}

// lockOut is how many failed binds lock an account for good, as directories are usually set.
const lockOut = 5

const policies = `dn: cn=default,dc=example,dc=com
objectClass: device
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 5
pwdLockoutDuration: 0
pwdFailureCountInterval: 0

`

// The password was changed, and the phone still has the old one: it tries every 15 seconds for an hour. Slapd, which
// would lock the account, sees so few of the attempts that the new password still works afterwards.
func TestAPhoneWithAnOldPasswordLocksNobodyOut(t *testing.T) {
	slapd := directorytest.Slapd{LDIF: directorytest.Organisation{People: 2, Groups: 1}.LDIF() + policies, Modules: []string{"ppolicy"},
		Database: "overlay ppolicy\nppolicy_default cn=default,dc=example,dc=com"}.Start(t)
	s := newSite(t, "")
	s.useDirectory(t, slapd.URL, slapd.Suffix)
	begin := time.Now()
	var passed atomic.Int64 // the server's clock runs as fast as the phone tries
	s.now = func() time.Time { return begin.Add(time.Duration(passed.Load())) }
	in := s.serve(t)

	for ; time.Duration(passed.Load()) < time.Hour; passed.Add(int64(15 * time.Second)) {
		if status, _ := in.as(t, "user1", "last year's"); status != http.StatusUnauthorized {
			t.Fatalf("after %v: got %d, want 401", time.Duration(passed.Load()), status)
		}
	}
	if got := failures(t, slapd, "user1"); got == 0 || got >= lockOut {
		t.Errorf("slapd counted %d failed binds, want some and fewer than %d", got, lockOut)
	}
	if status, _ := in.as(t, "user1", "secret-user1"); status != http.StatusMultiStatus {
		t.Errorf("the right password after that hour: got %d, want 207", status)
	}

	for range lockOut { // so many would have done it
		bind(t, slapd, "user2", "last year's")
	}
	if bind(t, slapd, "user2", "secret-user2") == nil {
		t.Errorf("slapd does not lock after %d failed binds: this test proves nothing", lockOut)
	}
}

// bind signs in to slapd past calport.
func bind(t *testing.T, s *directorytest.Server, user, password string) error {
	t.Helper()
	c, err := ldap.DialURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.Bind("uid="+user+",ou=people,"+s.Suffix, password)
}

// failures is how many failed binds slapd remembers of an account.
func failures(t *testing.T, s *directorytest.Server, user string) int {
	t.Helper()
	c, err := ldap.DialURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Bind(s.RootDN, s.RootPassword); err != nil {
		t.Fatal(err)
	}
	found, err := c.Search(ldap.NewSearchRequest(s.Suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 1, 0, false, "(uid="+user+")", []string{"pwdFailureTime"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Entries[0].GetAttributeValues("pwdFailureTime"))
}

// A client that is told 401 asks for another password, and a person who types the right one again and again is worse
// off than one who waits.
func TestASlowDirectoryIs503AndNotAWrongPassword(t *testing.T) {
	s := newSite(t, "")
	address, stall := directorytest.Stall(t, strings.TrimPrefix(s.directory.URL(), "ldap://"))
	edit(t, s.config, s.directory.URL(), "ldap://"+address)
	edit(t, s.config, "allow_plain = true", "allow_plain = true\ntimeout = \"300ms\"")
	in := s.serve(t)
	if status, _ := in.as(t, "grace", demo.Password); status != http.StatusMultiStatus {
		t.Fatalf("while the directory answers: got %d", status)
	}
	stall()
	for _, password := range []string{demo.Password, "wrong"} {
		if status, h := in.as(t, "ada", password); status != http.StatusServiceUnavailable || h.Get("Retry-After") == "" {
			t.Errorf("ada with %q: got %d and Retry-After %q, want 503 and when to come back", password, status, h.Get("Retry-After"))
		}
	}
	if status, _ := in.as(t, "grace", demo.Password); status != http.StatusMultiStatus {
		t.Errorf("grace, who signed in before: got %d, want 207", status)
	}
	if said := in.log.String(); !strings.Contains(said, "the directory cannot be asked") {
		t.Errorf("the log does not say why:\n%s", said)
	}
}
