package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory/directorytest"
	"calport/profiles"
)

// morning is how many people are told on the same day to install their calendars; fewer beside the race detector, under
// which a thousand handshakes take longer than a server waits for a request.
var morning = func() int {
	if raced {
		return 200
	}
	return 1000
}()

// rollOut is a server with an ECDSA signer, in front of OpenLDAP with everybody in it. Each is a process of its own.
func rollOut(t testing.TB) *process {
	t.Helper()
	slapd := directorytest.Slapd{LDIF: directorytest.Organisation{People: morning, Groups: 1}.LDIF()}.Start(t)
	s := newSite(t, "")
	s.useDirectory(t, slapd.URL, slapd.Suffix)
	// Who is not signed in gets 500 entries of a search at most, as slapd is set by default.
	write(t, filepath.Join(s.dir, "ldap-password"), slapd.RootPassword)
	edit(t, s.config, "allow_plain = true", fmt.Sprintf("allow_plain = true\nbind_dn = %q\npassword_file = \"ldap-password\"", slapd.RootDN))
	return s.spawn(t)
}

// newcomer signs in with the directory's password, over a connection of their own, and downloads the profile.
func (in *instance) newcomer(ctx context.Context, name, password string) (slowest time.Duration, err error) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: in.roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	const profile = "/portal/profile/calendar.mobileconfig?platform=ios"
	form := url.Values{"name": {name}, "password": {password}, "to": {profile}}.Encode()
	cookie := ""
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", profile, "", http.StatusSeeOther},
		{"POST", "/portal/sign-in", form, http.StatusSeeOther},
		{"GET", profile, "", http.StatusOK},
	} {
		r, err := http.NewRequestWithContext(ctx, step.method, in.origin+step.path, strings.NewReader(step.body))
		if err != nil {
			return slowest, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", cookie)
		start := time.Now()
		response, err := client.Do(r)
		if err != nil {
			return slowest, err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		slowest = max(slowest, time.Since(start))
		if err != nil {
			return slowest, err
		}
		if response.StatusCode != step.status {
			return slowest, fmt.Errorf("%s %s for %s: got status %s", step.method, step.path, name, response.Status)
		}
		if step.status == http.StatusOK && (response.Header.Get("Content-Type") != profiles.MediaType || !strings.Contains(string(text), "<string>"+name+"</string>")) {
			return slowest, fmt.Errorf("%s got something else: %.200q", name, text)
		}
		for _, c := range response.Cookies() {
			cookie += c.Name + "=" + c.Value + "; "
		}
	}
	return slowest, nil
}

// arrive has all of them come at once, and returns what the slowest request took.
func (in *instance) arrive(t testing.TB) (slowest time.Duration) {
	t.Helper()
	var (
		everybody sync.WaitGroup
		mu        sync.Mutex
		begin     = make(chan struct{})
	)
	for i := range morning {
		everybody.Go(func() {
			<-begin
			name := fmt.Sprintf("user%d", i+1)
			took, err := in.newcomer(t.Context(), name, "secret-"+name)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			slowest = max(slowest, took)
		})
	}
	close(begin)
	everybody.Wait()
	return slowest
}

// TestOnRollOutMorningNobodyIsRefused has a thousand people sign in and download at once, all from one address, each
// with a bind and a signature of their own.
func TestOnRollOutMorningNobodyIsRefused(t *testing.T) {
	slowest := rollOut(t).arrive(t)
	t.Logf("the slowest of %d requests took %v", 3*morning, slowest.Round(time.Millisecond))
}

// BenchmarkRollOutMorning is that morning; it reports the slowest request.
func BenchmarkRollOutMorning(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		in := rollOut(b)
		b.StartTimer()
		b.ReportMetric(float64(in.arrive(b).Milliseconds()), "ms/slowest")
		b.StopTimer()
		in.stop()
		b.StartTimer()
	}
}
