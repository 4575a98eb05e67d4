package ldap_test

import (
	"testing"
	"time"

	"calport/directory"
	"calport/directory/demo"
	"calport/directory/ldap"
)

func TestOtherAttributesMayBeWantedLater(t *testing.T) {
	server, err := demo.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	d, err := ldap.New(ldap.Options{Servers: []string{server.URL()}, AllowPlain: true, Poll: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w := run(t, d, nil).by("modifyTimestamp")
	unit := func() []string {
		return w.Snapshot().ByName(directory.Individual, "ada").Attributes["departmentnumber"]
	}
	if got := unit(); got != nil {
		t.Fatalf("kept unasked: %q", got)
	}
	if changed, err := d.SetKeep([]string{"departmentNumber", "departmentNumber"}); !changed || err != nil {
		t.Fatalf("got %v, %v", changed, err)
	}
	if changed, err := d.SetKeep([]string{"departmentNumber"}); changed || err != nil {
		t.Errorf("the same again: got %v, %v", changed, err)
	}
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := unit(); len(got) != 1 {
		t.Errorf("after a refresh: got %q", got)
	}
	w.until("the watch beginning afresh", func() bool { return w.Health().Way == "modifyTimestamp" })
	w.same("other attributes are kept")
	if _, err := d.SetKeep([]string{"(uid=*)"}); err == nil {
		t.Error("a filter was taken for an attribute name")
	}
}
