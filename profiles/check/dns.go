package check

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"calport/profiles"
)

// The steps that ask the name server (RFC 6764).

func lookUpSecure(ctx context.Context, w *walk) (profiles.Phrase, error) {
	target, err := w.service(ctx, "caldavs")
	if err != nil {
		return none, err
	}
	found := profiles.Say("_caldavs._tcp.%s leads to %s port %s", w.domain, target.host, strconv.Itoa(target.port))
	if w.account.Host == "" {
		w.host, w.port = target.host, target.port
		return found, nil
	}
	if !strings.EqualFold(target.host, w.account.Host) || target.port != w.account.Port {
		return none, failed(profiles.Say("%s, but the server is %s port %s", found, w.account.Host, strconv.Itoa(w.account.Port)),
			"correct the SRV record: automatic set-up follows it, profiles do not")
	}
	return found, nil
}

func lookUpPlain(ctx context.Context, w *walk) (profiles.Phrase, error) {
	target, err := w.service(ctx, "caldav")
	var f *finding
	if errors.As(err, &f) && f.state == Failed {
		return none, odd(f.found, "only old clients ask for it; %s", f.remedy)
	}
	if err != nil {
		return none, err
	}
	found := profiles.Say("_caldav._tcp.%s leads to %s port %s", w.domain, target.host, strconv.Itoa(target.port))
	if w.host != "" && !strings.EqualFold(target.host, w.host) {
		return none, failed(profiles.Say("%s, another host than %s", found, w.host), "correct the SRV record; it is asked after the https one")
	}
	return found, nil
}

// target is where an SRV record leads.
type target struct {
	host string
	port int
}

// service looks up one service of RFC 6764 section 3.
func (w *walk) service(ctx context.Context, name string) (target, error) {
	if w.domain == "" {
		return target{}, skip(profiles.Say("no mail address is given"))
	}
	record := "_" + name + "._tcp." + w.domain
	_, all, err := w.account.Resolver.LookupSRV(ctx, name, "tcp", w.domain)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return target{}, failed(profiles.Say("there is no SRV record %s", record), "publish what `calport dns` prints; without it automatic set-up works only if the server's name is the mail domain itself")
	case errors.As(err, &dns) && dns.IsTimeout:
		return target{}, failed(profiles.Say("the name server does not answer for %s", record), "check the resolver")
	case errors.As(err, &dns):
		return target{}, failed(profiles.Say("the name server answers for %s: %s", record, dns.Err), "check the zone and the resolver")
	case err != nil:
		return target{}, err
	case len(all) == 0:
		return target{}, failed(profiles.Say("%s is empty", record), "publish what `calport dns` prints")
	}
	host := strings.TrimSuffix(all[0].Target, ".")
	if host == "" {
		return target{}, skip(profiles.Say(`%s says that there is no such service (target ".")`, record))
	}
	return target{host, int(all[0].Port)}, nil
}

func lookUpPath(ctx context.Context, w *walk) (profiles.Phrase, error) {
	record := "_caldavs._tcp." + w.domain
	texts, err := w.account.Resolver.LookupTXT(ctx, record)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return none, odd(profiles.Say("there is no TXT record %s", record), "publish TXT \"path=/principals/\": Thunderbird and DAVx5 read it")
	}
	if errors.As(err, &dns) {
		return none, failed(profiles.Say("the name server answers for %s: %s", record, dns.Err), "check the zone and the resolver")
	}
	if err != nil {
		return none, err
	}
	for _, text := range texts {
		path, ok := strings.CutPrefix(text, "path=")
		if !ok {
			continue
		}
		if path != "/principals/" {
			return none, failed(profiles.Say("%s says %q", record, text), "publish TXT \"path=/principals/\"")
		}
		return profiles.Say("%s says %q", record, text), nil
	}
	return none, failed(profiles.Say("%s has no path, but %q", record, texts), "publish TXT \"path=/principals/\"")
}
