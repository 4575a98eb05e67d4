package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// nameServer serves a zone file on loopback until the test ends.
func nameServer(t *testing.T, zone string) (address string) {
	t.Helper()
	return nameServerOn(t, "127.0.0.1:0", zone)
}

// nameServerOn serves a zone file on an address until the test ends.
func nameServerOn(t *testing.T, on, zone string) (address string) {
	t.Helper()
	var records []dns.RR
	parser := dns.NewZoneParser(strings.NewReader(zone), ".", "zone")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		records = append(records, rr)
	}
	if err := parser.Err(); err != nil {
		t.Fatalf("%v in:\n%s", err, zone)
	}
	answer := func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Authoritative, m.RecursionAvailable, m.Rcode = true, true, dns.RcodeNameError
		for _, rr := range records {
			if !strings.EqualFold(rr.Header().Name, q.Question[0].Name) {
				continue
			}
			m.Rcode = dns.RcodeSuccess
			if rr.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, rr)
			}
		}
		w.WriteMsg(m)
	}
	stream, packets := listenTwice(t, on)
	for _, s := range []*dns.Server{{PacketConn: packets}, {Listener: stream}} {
		up := make(chan struct{})
		s.Handler, s.NotifyStartedFunc = dns.HandlerFunc(answer), func() { close(up) }
		go s.ActivateAndServe()
		<-up
		t.Cleanup(func() { s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

// listenTwice listens on the same port by TCP and by UDP, as a name server does (RFC 7766 section 5).
func listenTwice(t *testing.T, on string) (net.Listener, net.PacketConn) {
	t.Helper()
	for tries := 0; ; tries++ {
		stream, err := net.Listen("tcp", on)
		if err != nil {
			t.Fatal(err)
		}
		packets, err := net.ListenPacket("udp", stream.Addr().String())
		if err == nil {
			return stream, packets
		}
		stream.Close()
		if tries == 10 { // of a port chosen by the system, the other half may be taken
			t.Fatal(err)
		}
	}
}

// line is the line of a table that has a word.
func line(table, word string) string {
	for l := range strings.Lines(table) {
		if strings.Contains(l, word) {
			return l
		}
	}
	return ""
}

func TestCheckFindsTheAccountByWhatDNSPrinted(t *testing.T) {
	in := startDemo(t, t.TempDir())
	status, zone, errs := in.calport(t, "dns", "--domain", "example.org")
	if status != 0 {
		t.Fatalf("dns: %d %s", status, errs)
	}
	right := nameServer(t, zone)
	status, out, errs := in.calport(t, "check", "ada", "--resolver", right)
	if status != 0 {
		t.Errorf("check: %d\n%s%s", status, out, errs)
	}
	for _, step := range []string{"DNS: the https service", "DNS: where discovery begins", "TLS", "well-known", "Sign-in", "Calendars", "there and back", "profile's user name", "profile's form", "profile's server"} {
		if l := line(out, step); !strings.HasPrefix(l, "ok ") {
			t.Errorf("%s: got %q", step, l)
		}
	}
	if strings.Contains(out+errs, "calport\n") && strings.Contains(out, "password is calport") {
		t.Error("the password is printed")
	}

	t.Run("from a bare mail address without configuration", func(t *testing.T) {
		t.Chdir(t.TempDir())
		env := func(name string) string { return map[string]string{"CALPORT_PASSWORD": "calport"}[name] }
		var o, e bytes.Buffer
		status := run(t.Context(), []string{"check", "ada@example.org", "--resolver", right, "--root", in.dir + "/ca.pem"}, stdio{strings.NewReader(""), &o, &e, env})
		if status != 0 || !strings.HasPrefix(line(o.String(), "Sign-in"), "ok ") {
			t.Errorf("got %d\n%s%s", status, o.String(), e.String())
		}
	})

	t.Run("dig reads the same", func(t *testing.T) {
		dig := stranger(t, "dig")
		host, port, _ := net.SplitHostPort(right)
		out, err := exec.Command(dig, "@"+host, "-p", port, "+short", "_caldavs._tcp.example.org", "SRV").CombinedOutput()
		_, httpsPort, _ := net.SplitHostPort(strings.TrimPrefix(in.origin, "https://"))
		if want := "0 1 " + httpsPort + " localhost."; err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("got %q, %v; want %q", out, err, want)
		}
	})

	for _, c := range []struct{ name, old, new, step, state, remedy string }{
		{"no https service", "_caldavs._tcp.example.org.\t3600\tIN\tSRV", "_else._tcp.example.org.\t3600\tIN\tSRV", "DNS: the https service", "FAILED", "calport dns"},
		{"another host", "localhost.\n_caldavs._tcp.example.org.\t3600\tIN\tTXT", "elsewhere.example.org.\n_caldavs._tcp.example.org.\t3600\tIN\tTXT", "DNS: the https service", "FAILED", "correct the SRV record"},
		{"no http service", "_caldav._tcp.example.org.\t3600\tIN\tSRV", "_else._tcp.example.org.\t3600\tIN\tSRV", "DNS: the http service", "odd", "old clients"},
		{"no path", "_caldavs._tcp.example.org.\t3600\tIN\tTXT", "_else._tcp.example.org.\t3600\tIN\tTXT", "DNS: where discovery begins", "odd", "Thunderbird"},
		{"another path", `_caldavs._tcp.example.org.	3600	IN	TXT	"path=/principals/"`, `_caldavs._tcp.example.org.	3600	IN	TXT	"path=/dav/"`, "DNS: where discovery begins", "FAILED", "publish TXT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong := strings.Replace(zone, c.old, c.new, 1)
			if wrong == zone {
				t.Fatalf("%q is not in the zone:\n%s", c.old, zone)
			}
			_, out, _ := in.calport(t, "check", "ada", "--resolver", nameServer(t, wrong))
			if l := line(out, c.step); !strings.HasPrefix(l, c.state+" ") || !strings.Contains(out, c.remedy) {
				t.Errorf("got %q; want %s and %q in:\n%s", l, c.state, c.remedy, out)
			}
		})
	}
}

func TestDNSRecordsNeedAHostName(t *testing.T) {
	for _, address := range []string{"192.0.2.7", "2001:db8::7", "[2001:db8::7]"} {
		var out bytes.Buffer
		c := &Config{}
		c.Server.PublicHost, c.Server.PublicPort = address, 8443
		err := printDNS(&out, c, "example.org")
		if err == nil || !strings.Contains(err.Error(), "set server.public_host") || out.Len() > 0 {
			t.Errorf("%s: got %v and %q", address, err, out.String())
		}
	}
}

// stranger finds a program that this project did not write, or skips the test by name.
func stranger(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		skipWithout(t, "%s is not installed", name)
	}
	return path
}

// skipWithout skips a test that lacks something of the machine, or fails it if CALPORT_REQUIRE_ALL is set.
func skipWithout(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CALPORT_REQUIRE_ALL") != "" {
		t.Fatalf(format+" (and CALPORT_REQUIRE_ALL is set)", args...)
	}
	t.Skipf(format, args...)
}
