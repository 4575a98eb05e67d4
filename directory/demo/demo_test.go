package demo

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

func start(t testing.TB) *Server {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func dial(t testing.TB) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// find searches the whole directory and answers the DNs, shortened to their first relative name.
func find(t *testing.T, c *ldap.Conn, filter string) []string {
	t.Helper()
	found, err := c.Search(ldap.NewSearchRequest(BaseDN, ldap.ScopeWholeSubtree, 0, 0, 0, false, filter, []string{"1.1"}, nil))
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	var names []string
	for _, e := range found.Entries {
		if len(e.Attributes) != 0 {
			t.Errorf("1.1 got attributes of %s", e.DN)
		}
		name, _, _ := strings.Cut(e.DN, ",")
		names = append(names, name)
	}
	return names
}

func TestBind(t *testing.T) {
	c := dial(t)
	for _, test := range []struct {
		name, password string
		code           uint16
	}{
		{personDN("ada"), Password, ldap.LDAPResultSuccess},
		{"UID = ADA , ou=People,dc=example,dc=ORG", Password, ldap.LDAPResultSuccess},
		{personDN("zoë"), Password, ldap.LDAPResultSuccess},
		{"uid=zoe\u0308," + PeopleDN, Password, ldap.LDAPResultSuccess},
		{ReaderDN, Password, ldap.LDAPResultSuccess},
		{personDN("ada"), "wrong", ldap.LDAPResultInvalidCredentials},
		{personDN("ada"), Password + "\x00", ldap.LDAPResultInvalidCredentials},
		{personDN("nobody"), Password, ldap.LDAPResultInvalidCredentials},
		{PeopleDN, Password, ldap.LDAPResultInvalidCredentials},
		{"", Password, ldap.LDAPResultInvalidCredentials},
		{"ada", Password, ldap.LDAPResultInvalidDNSyntax},
	} {
		_, err := c.SimpleBind(&ldap.SimpleBindRequest{Username: test.name, Password: test.password})
		if got := resultCode(t, err); got != test.code {
			t.Errorf("bind as %q with %q: got code %d, want %d", test.name, test.password, got, test.code)
		}
	}
	if err := c.UnauthenticatedBind(""); err != nil {
		t.Errorf("anonymous bind: %v", err)
	}
	if got := resultCode(t, c.UnauthenticatedBind(personDN("ada"))); got != ldap.LDAPResultUnwillingToPerform {
		t.Errorf("DN without password: got code %d, want %d", got, ldap.LDAPResultUnwillingToPerform)
	}
	if got := resultCode(t, c.ExternalBind()); got != ldap.LDAPResultAuthMethodNotSupported {
		t.Errorf("SASL: got code %d, want %d", got, ldap.LDAPResultAuthMethodNotSupported)
	}
}

func resultCode(t *testing.T, err error) uint16 {
	t.Helper()
	if err == nil {
		return ldap.LDAPResultSuccess
	}
	var e *ldap.Error
	if !errors.As(err, &e) {
		t.Fatalf("no LDAP error: %v", err)
	}
	return e.ResultCode
}

func TestAFailedBindMakesTheConnectionAnonymous(t *testing.T) {
	c := dial(t)
	if err := c.Bind(personDN("zoë"), Password); err != nil {
		t.Fatal(err)
	}
	who, err := c.WhoAmI(nil)
	if err != nil || who.AuthzID != "dn:"+personDN("zoë") {
		t.Errorf("who am I: got %v, %v", who, err)
	}
	if err := c.Bind(personDN("zoë"), "wrong"); err == nil {
		t.Fatal("a wrong password was accepted")
	}
	if who, err = c.WhoAmI(nil); err != nil || who.AuthzID != "" {
		t.Errorf("who am I after a failed bind: got %v, %v", who, err)
	}
}

func TestSetPassword(t *testing.T) {
	s := start(t)
	c, err := ldap.DialURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := s.SetPassword("Zoë", "neu€"); err != nil {
		t.Fatal(err)
	}
	if err := c.Bind(personDN("zoë"), "neu€"); err != nil {
		t.Errorf("new password: %v", err)
	}
	if got := resultCode(t, c.Bind(personDN("zoë"), Password)); got != ldap.LDAPResultInvalidCredentials {
		t.Errorf("old password: got code %d", got)
	}
	if s.SetPassword("nobody", "x") == nil || s.SetPassword("ada", "") == nil {
		t.Error("a password for nobody, or an empty one, was accepted")
	}
}

func TestFilters(t *testing.T) {
	c := dial(t)
	for _, test := range []struct {
		filter string
		want   []string
	}{
		{"(uid=ada)", []string{"uid=ada"}},
		{"(UserID=ADA)", []string{"uid=ada"}},
		{"(0.9.2342.19200300.100.1.1=  ada )", []string{"uid=ada"}},
		{"(uid=ZOË)", []string{"uid=zoë"}},
		{"(cn=田中*)", []string{"uid=tanaka"}},
		{"(cn=*skøb*)", []string{"uid=anders"}},
		{"(cn=a*by*da*n)", nil},
		{"(cn=a*da*by*n)", []string{"uid=ada"}},
		{"(sn=*ö*)", []string{"uid=linus"}},
		{"(mail=grace@example.org)", []string{"uid=grace"}},
		{"(&(objectClass=inetOrgPerson)(departmentNumber=networks)(!(mobile=*)))", nil},
		{"(&(objectClass=inetOrgPerson)(departmentNumber=teaching)(!(mobile=*)))", []string{"uid=tomas", "uid=edsger"}},
		{"(|(uid=ada)(cn=compilers))", []string{"uid=ada", "cn=compilers"}},
		{"(&(uid>=t)(uid<=tim))", []string{"uid=tanaka", "uid=tim"}},
		{"(uid~=Grace)", []string{"uid=grace"}},
		{"(mobile=+12025550102)", []string{"uid=grace"}},
		{"(member=UID=grace, OU=people,dc=example,dc=org)", []string{"cn=compilers"}},
		{"(&(objectClass=groupOfNames)(member=" + groupDN("compilers") + "))", []string{"cn=engineering"}},
		{"(memberOf=" + groupDN("design") + ")", []string{"uid=zoë", "uid=layla", "uid=francois", "uid=sigridur"}},
		{"(uid:caseExactMatch:=ADA)", nil},
		{"(uid:=ADA)", []string{"uid=ada"}},
		{"(:caseIgnoreMatch:=Compilers)", []string{"uid=grace", "uid=jose", "uid=tanaka", "uid=dmitri", "uid=kwame", "cn=compilers"}},
		{"(&(cn=*)(ou:dn:=services))", []string{"cn=reader"}},
		// Undefined, and its negation (RFC 4511 section 4.5.1.7)
		{"(sAMAccountName=ada)", nil},
		{"(&(uid=ada)(!(sAMAccountName=ada)))", nil},
		{"(|(uid=ada)(sAMAccountName=ada))", []string{"uid=ada"}},
		{"(userAccountControl:1.2.840.113556.1.4.803:=2)", nil},
		{"(member=ada)", nil},
		{"(userPassword=calport)", nil},
		{"(userPassword=*)", nil},
		{"(|)", nil},
	} {
		if got := find(t, c, test.filter); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.filter, got, test.want)
		}
	}
}

func TestTheEmptyAndIsTrue(t *testing.T) { // RFC 4526
	c := dial(t)
	if all, any := find(t, c, "(&)"), find(t, c, "(objectClass=*)"); len(all) == 0 || !slices.Equal(all, any) {
		t.Errorf("(&): got %d entries, want %d", len(all), len(any))
	}
}

func TestScopes(t *testing.T) {
	c := dial(t)
	for _, test := range []struct {
		base  string
		scope int
		want  int
		code  uint16
	}{
		{BaseDN, ldap.ScopeBaseObject, 1, 0},
		{BaseDN, ldap.ScopeSingleLevel, 6, 0},
		{GroupsDN, ldap.ScopeSingleLevel, len(groups), 0},
		{GroupsDN, ldap.ScopeWholeSubtree, len(groups) + 1, 0},
		{GroupsDN, ldap.ScopeChildren, len(groups), 0},
		{"", ldap.ScopeBaseObject, 1, 0},
		{"", ldap.ScopeSingleLevel, 1, 0},
		{"ou=nowhere," + BaseDN, ldap.ScopeWholeSubtree, 0, ldap.LDAPResultNoSuchObject},
		{"nowhere", ldap.ScopeWholeSubtree, 0, ldap.LDAPResultInvalidDNSyntax},
	} {
		found, err := c.Search(ldap.NewSearchRequest(test.base, test.scope, 0, 0, 0, false, "(objectClass=*)", nil, nil))
		if got := resultCode(t, err); got != test.code {
			t.Errorf("%q scope %d: got code %d, want %d", test.base, test.scope, got, test.code)
		}
		if test.code == 0 && len(found.Entries) != test.want {
			t.Errorf("%q scope %d: got %d entries, want %d", test.base, test.scope, len(found.Entries), test.want)
		}
	}
	_, err := c.Search(ldap.NewSearchRequest("uid=x,uid=y,"+PeopleDN, 2, 0, 0, 0, false, "(uid=*)", nil, nil))
	var e *ldap.Error
	if !errors.As(err, &e) || e.MatchedDN != PeopleDN {
		t.Errorf("matchedDN: got %v, want %s", err, PeopleDN)
	}
}

func TestAttributeSelection(t *testing.T) {
	c := dial(t)
	for _, test := range []struct {
		ask           []string
		present, gone []string
	}{
		{nil, []string{"uid", "cn", "mail", "objectClass"}, []string{"entryUUID", "memberOf", "userPassword"}},
		{[]string{"*"}, []string{"uid", "displayName"}, []string{"entryUUID"}},
		{[]string{"+"}, []string{"entryUUID", "memberOf", "modifyTimestamp"}, []string{"uid"}},
		{[]string{"*", "+"}, []string{"entryUUID", "uid"}, []string{"userPassword"}},
		{[]string{"MAIL", "entryuuid", "nonsense"}, []string{"mail", "entryUUID"}, []string{"uid"}},
		{[]string{"1.1"}, nil, []string{"uid", "entryUUID"}},
	} {
		found, err := c.Search(ldap.NewSearchRequest(personDN("ada"), 0, 0, 0, 0, false, "(uid=ada)", test.ask, nil))
		if err != nil || len(found.Entries) != 1 {
			t.Fatalf("%q: %v, %v", test.ask, found, err)
		}
		for _, name := range test.present {
			if found.Entries[0].GetAttributeValue(name) == "" {
				t.Errorf("%q: %s is missing", test.ask, name)
			}
		}
		for _, name := range test.gone {
			if found.Entries[0].GetAttributeValue(name) != "" {
				t.Errorf("%q: %s is there", test.ask, name)
			}
		}
	}
	found, err := c.Search(ldap.NewSearchRequest(personDN("ada"), 0, 0, 0, 0, true, "(uid=ada)", []string{"uid"}, nil))
	if err != nil || len(found.Entries[0].Attributes) != 1 || len(found.Entries[0].Attributes[0].Values) != 0 {
		t.Errorf("typesOnly: got %v, %v", found, err)
	}
}

func TestPagesHoldEveryEntryOnce(t *testing.T) {
	c := dial(t)
	for _, size := range []uint32{1, 7, 30, 1000} {
		found, err := c.SearchWithPaging(ldap.NewSearchRequest(PeopleDN, 2, 0, 0, 0, false, "(uid=*)", []string{"uid"}, nil), size)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, e := range found.Entries {
			seen[e.DN] = true
		}
		if len(found.Entries) != len(people) || len(seen) != len(people) {
			t.Errorf("pages of %d: got %d entries, %d different, want %d", size, len(found.Entries), len(seen), len(people))
		}
	}
}

func TestACookieBelongsToItsSearch(t *testing.T) {
	c := dial(t)
	paging := ldap.NewControlPaging(5)
	first, err := c.Search(ldap.NewSearchRequest(PeopleDN, 2, 0, 0, 0, false, "(uid=*)", nil, []ldap.Control{paging}))
	if err != nil {
		t.Fatal(err)
	}
	answer, ok := ldap.FindControl(first.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	if !ok || len(answer.Cookie) == 0 {
		t.Fatalf("no cookie: %v", first.Controls)
	}
	for _, cookie := range []string{string(answer.Cookie), "5-", "-1-" + string(answer.Cookie[2:]), "x", "99999" + string(answer.Cookie[1:])} {
		paging.SetCookie([]byte(cookie))
		filter := "(uid=*)"
		if cookie == string(answer.Cookie) {
			filter = "(cn=*)"
		}
		_, err = c.Search(ldap.NewSearchRequest(PeopleDN, 2, 0, 0, 0, false, filter, nil, []ldap.Control{paging}))
		if got := resultCode(t, err); got != ldap.LDAPResultUnwillingToPerform {
			t.Errorf("cookie %q with %s: got code %d", cookie, filter, got)
		}
	}
}

func TestSizeLimit(t *testing.T) {
	c := dial(t)
	found, err := c.Search(ldap.NewSearchRequest(PeopleDN, 2, 0, 3, 0, false, "(uid=*)", nil, nil))
	if got := resultCode(t, err); got != ldap.LDAPResultSizeLimitExceeded || len(found.Entries) != 3 {
		t.Errorf("got code %d and %d entries, want 4 and 3", got, len(found.Entries))
	}
}

func TestRootDSE(t *testing.T) {
	c := dial(t)
	found, err := c.Search(ldap.NewSearchRequest("", 0, 0, 0, 0, false, "(objectClass=*)", []string{"+"}, nil))
	if err != nil || len(found.Entries) != 1 {
		t.Fatal(found, err)
	}
	e := found.Entries[0]
	if got := e.GetAttributeValue("namingContexts"); got != BaseDN {
		t.Errorf("namingContexts: got %q, want %q", got, BaseDN)
	}
	if !slices.Contains(e.GetAttributeValues("supportedControl"), ldap.ControlTypePaging) || e.GetAttributeValue("vendorName") != "calport" {
		t.Errorf("got %v", e)
	}
}

func TestCompare(t *testing.T) {
	c := dial(t)
	for _, test := range []struct {
		attribute, value string
		want             bool
		code             uint16
	}{
		{"title", "head of engineering", true, 0},
		{"title", "head", false, 0},
		{"roomNumber", "1", false, ldap.LDAPResultNoSuchAttribute},
		{"userPassword", Password, false, ldap.LDAPResultUndefinedAttributeType},
	} {
		got, err := c.Compare(personDN("ada"), test.attribute, test.value)
		if got != test.want || resultCode(t, err) != test.code {
			t.Errorf("%s=%s: got %v, %v", test.attribute, test.value, got, err)
		}
	}
}

func TestWhatIsRefusedPolitely(t *testing.T) {
	c := dial(t)
	add := ldap.NewAddRequest("uid=new,"+PeopleDN, nil)
	add.Attribute("uid", []string{"new"})
	modify := ldap.NewModifyRequest(personDN("ada"), nil)
	modify.Replace("sn", []string{"X"})
	unknown := ldap.NewSearchRequest(BaseDN, 0, 0, 0, 0, false, "(dc=*)", nil, []ldap.Control{ldap.NewControlString("1.2.3", true, "")})
	_, errControl := c.Search(unknown)
	_, errPassword := c.PasswordModify(ldap.NewPasswordModifyRequest("", "a", "b"))
	for _, test := range []struct {
		what string
		err  error
		code uint16
	}{
		{"add", c.Add(add), ldap.LDAPResultUnwillingToPerform},
		{"modify", c.Modify(modify), ldap.LDAPResultUnwillingToPerform},
		{"delete", c.Del(ldap.NewDelRequest(personDN("ada"), nil)), ldap.LDAPResultUnwillingToPerform},
		{"modify DN", c.ModifyDN(ldap.NewModifyDNRequest(personDN("ada"), "uid=x", true, "")), ldap.LDAPResultUnwillingToPerform},
		{"critical control", errControl, ldap.LDAPResultUnavailableCriticalExtension},
		{"extended operation", errPassword, ldap.LDAPResultProtocolError},
	} {
		if got := resultCode(t, test.err); got != test.code {
			t.Errorf("%s: got code %d, want %d", test.what, got, test.code)
		}
	}
	if got := find(t, c, "(uid=ada)"); len(got) != 1 {
		t.Errorf("after the refusals: got %q", got)
	}
	if got := resultCode(t, c.StartTLS(nil)); got != ldap.LDAPResultProtocolError {
		t.Errorf("StartTLS: got code %d, want %d", got, ldap.LDAPResultProtocolError)
	}
}

func TestEveryStartGivesTheSameDirectory(t *testing.T) {
	var ids [2]map[string]string
	for i := range ids {
		ids[i] = make(map[string]string)
		c := dial(t)
		found, err := c.Search(ldap.NewSearchRequest(BaseDN, 2, 0, 0, 0, false, "(objectClass=*)", []string{"entryUUID"}, nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found.Entries {
			ids[i][e.GetAttributeValue("entryUUID")] = e.DN
		}
		if len(ids[i]) != len(found.Entries) {
			t.Errorf("got %d ids for %d entries", len(ids[i]), len(found.Entries))
		}
	}
	for id, dn := range ids[0] {
		if ids[1][id] != dn {
			t.Errorf("%s: got %q and %q", id, dn, ids[1][id])
		}
	}
	if got, want := stableID(personDN("ada")), "513aad73-139e-52f5-85c1-51f0d6e234dd"; got != want {
		t.Errorf("ada: got %s, want %s for ever", got, want)
	}
}

func TestMalformedMessagesEndTheConnectionWithANotice(t *testing.T) {
	s := start(t)
	for name, data := range map[string]string{
		"no LDAP at all":         "GET / HTTP/1.1\r\n\r\n",
		"indefinite length":      "\x30\x80\x02\x01\x01\x00\x00",
		"length of 2 GB":         "\x30\x84\x7f\xff\xff\xff",
		"message id zero":        "\x30\x05\x02\x01\x00\x42\x00",
		"no operation":           "\x30\x03\x02\x01\x01",
		"unknown operation":      "\x30\x05\x02\x01\x01\x5e\x00",
		"nested without end":     deepFilter(2000),
		"bind of the wrong type": "\x30\x08\x02\x01\x01\x60\x03\x04\x01\x61",
	} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, data); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(c)
		if !strings.Contains(string(answer), "1.3.6.1.4.1.1466.20036") {
			t.Errorf("%s: got %q, want a Notice of Disconnection", name, answer)
		}
	}
}

// deepFilter is a message whose elements lie so deep in each other.
func deepFilter(depth int) string {
	data := "\x87\x00"
	for range depth {
		n := len(data)
		data = string([]byte{0xa2, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}) + data
	}
	n := len(data)
	return string([]byte{0x30, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}) + data
}

func TestTooManyConnectionsAreTurnedAway(t *testing.T) {
	s := start(t)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for range maxConnections {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Skipf("this machine does not allow %d connections: %v", maxConnections, err)
		}
		conns = append(conns, c)
	}
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the connection beyond the limit was served: %v", err)
	}
}

func TestTheContextEndsTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection still answers")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	again, err := Listen(t.Context(), s.Addr())
	if err != nil {
		t.Fatalf("the same address again: %v", err)
	}
	again.Close()
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

func BenchmarkSearchEverybody(b *testing.B) {
	c := dial(b)
	for b.Loop() {
		found, err := c.Search(ldap.NewSearchRequest(BaseDN, 2, 0, 0, 0, false, "(objectClass=inetOrgPerson)", nil, nil))
		if err != nil || len(found.Entries) != len(people) {
			b.Fatal(found, err)
		}
	}
}
