package signin

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"
)

// maxAddresses is how many addresses with failures are remembered.
const maxAddresses = 1 << 14

// address is the failing names that came from one address lately, with the time of their first failure.
type address map[string]time.Time

// addressKey is what counts as one address: an IPv6 host has a whole /64. The zero Addr stands for an address that is
// not watched.
func (o *Options) addressKey(from netip.Addr) netip.Addr {
	from = from.Unmap().WithZone("")
	if !from.IsValid() || slices.ContainsFunc(o.Exempt, func(p netip.Prefix) bool { return p.Contains(from) }) {
		return netip.Addr{}
	}
	if from.Is6() {
		return netip.PrefixFrom(from, 64).Masked().Addr()
	}
	return from
}

// failed notes a failing name.
func (c *Checker) failed(from netip.Addr, name string, now time.Time) {
	key := c.o.addressKey(from)
	if !key.IsValid() {
		return
	}
	names := c.addresses.add(key)
	names.prune(now, &c.o)
	if _, known := (*names)[name]; known || len(*names) >= c.o.FailedNames {
		return
	}
	if *names == nil {
		*names = make(address)
	}
	(*names)[name] = now
	if len(*names) == c.o.FailedNames {
		c.o.Log.Warn("so many different names failed from one address that no others are tried for a while",
			slog.String("address", from.String()), slog.Duration("while", c.o.FailedNamesWindow))
	}
}

// succeeded forgets the failures of an address.
func (c *Checker) succeeded(from netip.Addr) {
	if c.addresses.len() > 0 {
		c.addresses.remove(c.o.addressKey(from))
	}
}

// throttled says how long an address must wait, 0 for not at all.
func (c *Checker) throttled(from netip.Addr, now time.Time) time.Duration {
	names := c.addresses.get(c.o.addressKey(from))
	if names == nil {
		return 0
	}
	names.prune(now, &c.o)
	if len(*names) < c.o.FailedNames {
		return 0
	}
	wait := c.o.FailedNamesWindow
	for _, first := range *names {
		wait = min(wait, first.Add(c.o.FailedNamesWindow).Sub(now))
	}
	return wait
}

func (a address) prune(now time.Time, o *Options) {
	for name, first := range a {
		if now.Sub(first) >= o.FailedNamesWindow {
			delete(a, name)
		}
	}
}
