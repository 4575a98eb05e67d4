package signing

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestWarningGrowsAsExpiryNears(t *testing.T) {
	notAfter := time.Date(2030, 6, 15, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		left  time.Duration
		level Level
		days  int
		text  string
	}{
		{61 * day, Fine, 61, "expires in 61 days, on 2030-06-15"},
		{60*day + time.Second, Fine, 60, "expires in 60 days, on 2030-06-15"},
		{60 * day, Notice, 60, "expires in 60 days, on 2030-06-15"},
		{30*day + time.Second, Notice, 30, "expires in 30 days, on 2030-06-15"},
		{30 * day, Soon, 30, "expires in 30 days, on 2030-06-15"},
		{14 * day, Urgent, 14, "expires in 14 days, on 2030-06-15"},
		{day, Urgent, 1, "expires in 1 day, on 2030-06-15"},
		{time.Second, Urgent, 0, "expires in 0 days, on 2030-06-15"},
		{0, Expired, 0, "expired on 2030-06-15"},
		{-time.Hour, Expired, -1, "expired on 2030-06-15"},
		{-day, Expired, -1, "expired on 2030-06-15"},
	} {
		got := WarnExpiry(notAfter, notAfter.Add(-test.left))
		if got.Level != test.level || got.Days != test.days || got.String() != test.text || !got.NotAfter.Equal(notAfter) {
			t.Errorf("%v left: got %v, %d days, %q; want %v, %d, %q", test.left, got.Level, got.Days, got, test.level, test.days, test.text)
		}
	}
}

func TestLevelsHaveNames(t *testing.T) {
	for level, want := range map[Level]string{Fine: "fine", Notice: "notice", Soon: "soon", Urgent: "urgent", Expired: "expired"} {
		if got := level.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestIdentityWarnsOfItsFirstCertificateToExpire(t *testing.T) {
	id := ecdsaAuthority().Signer()
	if !id.NotAfter().Equal(id.Leaf().NotAfter) {
		t.Errorf("got %v, want the leaf's %v", id.NotAfter(), id.Leaf().NotAfter)
	}
	if got := id.Warning(id.NotAfter().Add(-20 * day)); got.Level != Soon || got.Days != 20 {
		t.Errorf("got %v", got)
	}
	if got := id.Warning(time.Now()); got.Level != Fine {
		t.Errorf("new signer: got %v", got)
	}
}

func TestRenewalIsDueAfterTwoThirdsOfTheLife(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	cert := &x509.Certificate{NotBefore: start, NotAfter: start.Add(90 * day)}
	for days, want := range map[int]bool{-1: false, 0: false, 59: false, 60: false, 61: true, 100: true} {
		if got := NeedsRenewal(cert, start.Add(time.Duration(days)*day)); got != want {
			t.Errorf("after %d days: got %t, want %t", days, got, want)
		}
	}
}
