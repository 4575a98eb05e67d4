package ldap

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"calport/directory"
	"calport/directory/directorytest"

	goldap "github.com/go-ldap/ldap/v3"
)

// corp fills the domain controller.
const corp = `
db.newuser("ada", "Correct-horse-1", givenname="Ada", surname="Lovelace", mailaddress="ada@example.com", jobtitle="Analyst")
db.newuser("grace", "Correct-horse-2", givenname="Grace", surname="Hopper")
db.newuser("off", "Correct-horse-3")
db.disable_account("(sAMAccountName=off)")
db.newuser("fresh", "Correct-horse-4", force_password_change_at_next_login_req=True)
db.newuser("past", "Correct-horse-5")
db.setexpiry("(sAMAccountName=past)", -3600)
db.newuser("clumsy", "Correct-horse-6")
db.newgroup("inner")
db.newgroup("outer")
db.add_remove_group_members("inner", ["ada", "grace"], add_members_operation=True)
db.add_remove_group_members("outer", ["inner"], add_members_operation=True)
`

func TestActiveDirectory(t *testing.T) {
	dc := directorytest.Samba(t, corp)
	d, err := New(Options{Servers: []string{dc.URL}, BindDN: dc.Administrator, BindPassword: dc.AdminPassword, PageSize: 3,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	directorytest.Contract(t, d, directorytest.Facts{Login: "ada", Password: "Correct-horse-1", Member: "ada", Group: "outer", People: 6})

	snapshot := directorytest.ReadAll(t, d)
	ada := snapshot.ByName(directory.Individual, "ada")
	if want := []string{"ada@corp.test", `CORP\ada`}; !slices.Equal(ada.LoginNames, want) {
		t.Errorf("login names: got %q, want %q", ada.LoginNames, want)
	}
	if len(ada.GUID) != 36 || ada.GUID != strings.ToLower(ada.GUID) {
		t.Errorf("GUID: got %q, want a UUID in lower case", ada.GUID)
	}
	everybody := snapshot.ByName(directory.Group, "Domain Users")
	if everybody == nil || !snapshot.IsMember(ada.GUID, everybody.GUID) {
		t.Errorf("ada is not in her primary group Domain Users, %+v", everybody)
	}
	if snapshot.ByName(directory.Individual, "krbtgt") != nil {
		t.Error("krbtgt is a person")
	}

	wantState := func(login, password string, want directory.State) {
		t.Helper()
		var account *directory.AccountError
		if _, err := d.Authenticate(t.Context(), login, password); !errors.As(err, &account) || account.State != want {
			t.Errorf("%s: got %v, want an AccountError, %v", login, err, want)
		}
	}
	wantState("off", "Correct-horse-3", directory.Disabled)
	wantState("fresh", "Correct-horse-4", directory.MustChange)
	wantState("past", "Correct-horse-5", directory.Expired)
	lockAfter(t, d, dc, "3")
	for range 3 {
		if _, err := d.Authenticate(t.Context(), "clumsy", "wrong"); !errors.Is(err, directory.ErrCredentials) {
			t.Errorf("a wrong password: got %v, want ErrCredentials", err)
		}
	}
	wantState("clumsy", "Correct-horse-6", directory.Locked)

	states := map[string]directory.State{"ada": directory.Active, "off": directory.Disabled, "fresh": directory.MustChange,
		"past": directory.Expired, "clumsy": directory.Locked, "Guest": directory.Disabled}
	snapshot = directorytest.ReadAll(t, d)
	for name, want := range states {
		if got := snapshot.ByName(directory.Individual, name); got == nil || got.State != want {
			t.Errorf("%s is read as %+v, want %v", name, got, want)
		}
	}
	t.Run("the GUID finds the entry", func(t *testing.T) { findByGUID(t, d, ada) })
	t.Run("members in pieces", func(t *testing.T) { readPieces(t, d, dc) })
}

// lockAfter sets the number of wrong passwords after which an account is locked.
func lockAfter(t *testing.T, d *Directory, dc *directorytest.DomainController, failures string) {
	t.Helper()
	err := d.searchers.with(t.Context(), func(c *conn) error {
		change := goldap.NewModifyRequest(dc.Suffix, nil)
		change.Replace("lockoutThreshold", []string{failures})
		return c.Modify(change)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// findByGUID proves the octet order: the server itself finds the entry by the text form.
func findByGUID(t *testing.T, d *Directory, ada *directory.Principal) {
	err := d.searchers.with(t.Context(), func(c *conn) error {
		e, err := c.read(t.Context(), "<GUID="+ada.GUID+">", "(objectClass=*)", []string{"sAMAccountName"})
		if err == nil && (e == nil || e.GetAttributeValue("sAMAccountName") != "ada") {
			t.Errorf("got %v, want the entry of ada", e)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// readPieces begins with a piece of the members, as a domain controller hands out those of a large group.
func readPieces(t *testing.T, d *Directory, dc *directorytest.DomainController) {
	err := d.searchers.with(t.Context(), func(c *conn) error {
		sh, err := d.shapeOf(t.Context(), c)
		if err != nil {
			return err
		}
		e, err := c.read(t.Context(), "CN=inner,CN=Users,"+dc.Suffix, "(objectClass=*)", []string{"member;range=0-0"})
		if err != nil {
			return err
		}
		r := &reading{d: d, sh: sh, c: c}
		members, err := r.members(t.Context(), e)
		slices.Sort(members)
		want := []string{"CN=ada,CN=Users," + dc.Suffix, "CN=grace,CN=Users," + dc.Suffix}
		if !slices.Equal(members, want) {
			t.Errorf("got %q, want %q", members, want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
