package check

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// nameServer serves a zone file on loopback until the test ends. Names below broken. are
// answered with SERVFAIL.
func nameServer(t *testing.T, zone string) *net.Resolver {
	t.Helper()
	var records []dns.RR
	parser := dns.NewZoneParser(strings.NewReader(zone), ".", "zone")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		records = append(records, rr)
	}
	if err := parser.Err(); err != nil {
		t.Fatal(err)
	}
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan struct{})
	server := &dns.Server{PacketConn: packets, NotifyStartedFunc: func() { close(up) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.RecursionAvailable, m.Rcode = true, dns.RcodeNameError
		for _, rr := range records {
			if strings.EqualFold(rr.Header().Name, q.Question[0].Name) {
				m.Rcode = dns.RcodeSuccess
				if rr.Header().Rrtype == q.Question[0].Qtype {
					m.Answer = append(m.Answer, rr)
				}
			}
		}
		if strings.HasSuffix(q.Question[0].Name, ".broken.") {
			m.Rcode = dns.RcodeServerFailure
		}
		w.WriteMsg(m)
	})}
	go server.ActivateAndServe()
	<-up
	t.Cleanup(func() { server.Shutdown() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", packets.LocalAddr().String())
	}}
}

func TestEachAnswerOfDNSHasItsRemedy(t *testing.T) {
	const (
		secure = "_caldavs._tcp.example.org. 60 IN SRV 0 1 8443 cal.example.org.\n"
		path   = "_caldavs._tcp.example.org. 60 IN TXT \"path=/principals/\"\n"
		plain  = "_caldav._tcp.example.org. 60 IN SRV 0 1 8008 cal.example.org.\n"
		host   = "cal.example.org. 60 IN A 127.0.0.1\n"
	)
	for _, test := range []struct {
		name, mail, zone, step string
		state                  State
		remedy                 string
	}{
		{"all is right", "", secure + path + plain + host, "dns-caldavs", Passed, ""},
		{"all is right", "", secure + path + plain + host, "dns-caldav", Passed, ""},
		{"all is right", "", secure + path + plain + host, "dns-path", Passed, ""},
		{"all is right", "", secure + path + plain + host, "address", Passed, ""},
		{"no https service", "", path, "dns-caldavs", Failed, "calport dns"},
		{"another port", "", strings.Replace(secure, "8443", "443", 1), "dns-caldavs", Failed, "correct the SRV record"},
		{"another host", "", strings.Replace(secure, "cal.", "old.", 1), "dns-caldavs", Failed, "correct the SRV record"},
		{"no such service", "", "_caldavs._tcp.example.org. 60 IN SRV 0 0 0 .\n", "dns-caldavs", Skipped, ""},
		{"a broken zone", "ada@example.broken", "", "dns-caldavs", Failed, "check the zone"},
		{"no http service", "", secure, "dns-caldav", Odd, "old clients"},
		{"another http host", "", secure + strings.Replace(plain, "cal.", "old.", 1), "dns-caldav", Failed, "correct the SRV record"},
		{"no path", "", secure, "dns-path", Odd, "Thunderbird"},
		{"another path", "", secure + strings.Replace(path, "principals", "dav", 1), "dns-path", Failed, "publish TXT"},
		{"a text without a path", "", secure + strings.Replace(path, "path=", "x=", 1), "dns-path", Failed, "publish TXT"},
		{"no address", "", secure, "address", Failed, "A or AAAA"},
	} {
		t.Run(test.name+" "+test.step, func(t *testing.T) {
			a := Account{Mail: "ada@example.org", Host: "cal.example.org", Port: 8443, Resolver: nameServer(t, test.zone)}
			if test.mail != "" {
				a.Mail = test.mail
			}
			if r := resultOf(t, a, test.step); r.State != test.state || !strings.Contains(r.Remedy.String(), test.remedy) {
				t.Errorf("got %+v; want %s and %q", r, test.state, test.remedy)
			}
		})
	}
}

func TestAMailAddressAloneLeadsToTheServer(t *testing.T) {
	a, _ := serve(t, nil)
	zone := "_caldavs._tcp.example.org. 60 IN SRV 0 1 " + strconv.Itoa(a.Port) + " cal.example.org.\ncal.example.org. 60 IN A 127.0.0.1\n"
	r := resultOf(t, Account{Mail: "ada@example.org", Resolver: nameServer(t, zone)}, "connect")
	if r.State != Passed || !strings.HasSuffix(r.Found.String(), "127.0.0.1:"+strconv.Itoa(a.Port)) {
		t.Errorf("got %+v", r)
	}
}
