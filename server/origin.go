package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Origin is the public address: what profiles and links name, apart from what the listeners are bound to.
type Origin struct {
	Host string // a host name or address, without brackets
	Port int
}

// String is the origin as a URL without a trailing slash; the port is left out where it is https's own.
func (o Origin) String() string { return "https://" + o.authority() }

func (o Origin) authority() string {
	if o.Port == 443 || o.Port == 0 {
		if strings.Contains(o.Host, ":") {
			return "[" + o.Host + "]"
		}
		return o.Host
	}
	return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}

// client is who speaks, proxies seen through.
type client struct {
	addr    netip.Addr
	trusted bool // the peer is loopback or a trusted proxy
	https   bool // the client itself speaks https
	host    string
}

// clientOf reads the forwarding headers from trusted proxies only: of X-Forwarded-For the last address that is no
// trusted proxy itself counts, because whatever stands before it may be made up.
func (s *Server) clientOf(r *http.Request) client {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	c := client{addr: peer.Addr().Unmap(), https: r.TLS != nil, host: r.Host}
	proxy := s.isProxy(c.addr)
	c.trusted = proxy || c.addr.IsLoopback()
	if !proxy {
		return c
	}
	// A proxy in front of calport terminates TLS; one that says nothing of it does so too.
	proto := lastValue(r.Header, "X-Forwarded-Proto")
	c.https = proto == "" || strings.EqualFold(proto, "https")
	if host := lastValue(r.Header, "X-Forwarded-Host"); host != "" {
		c.host = host
		if port := lastValue(r.Header, "X-Forwarded-Port"); port != "" && !hasPort(host) && port != "443" {
			c.host = host + ":" + port
		}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		c.addr = addr.Unmap()
		if !s.isProxy(c.addr) {
			break
		}
	}
	return c
}

func (s *Server) isProxy(a netip.Addr) bool {
	return slices.ContainsFunc(s.o.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

func lastValue(h http.Header, name string) string {
	all := strings.Split(strings.Join(h.Values(name), ","), ",")
	return strings.TrimSpace(all[len(all)-1])
}

func hasPort(host string) bool {
	_, _, err := net.SplitHostPort(host)
	return err == nil
}

// base is the origin to name in an absolute redirect: the client's own authority if it is one of ours, because a
// redirect to another host or port loses the credentials; else the public one.
func (s *Server) base(c client) string {
	if !s.isOurs(c.host) {
		return s.o.Origin.String()
	}
	if c.https {
		return "https://" + c.host
	}
	return "http://" + c.host
}

// isOurs says whether authority, the client's word, names this server: the public host, an alias or loopback.
func (s *Server) isOurs(authority string) bool {
	host := authority
	if h, port, err := net.SplitHostPort(authority); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, s.o.Origin.Host) || strings.EqualFold(host, "localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(s.o.Aliases, func(a string) bool { return strings.EqualFold(a, host) })
}

// onlyTrusted refuses plain http from anywhere but loopback and trusted proxies.
func (s *Server) onlyTrusted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c := infoOf(r.Context()).client; !c.trusted {
			s.o.Log.WarnContext(r.Context(), "refused plain http: not from loopback or a trusted proxy; add the proxy to server.trusted_proxies", "from", c.addr)
			http.Error(w, "Plain http is served to the configured proxy only. Use "+s.o.Origin.String()+"/", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// toHTTPS leads from the classic http port to https on the same host. A password that came all the same is not looked
// at; it was on the network in clear and the log says so.
func (s *Server) toHTTPS(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" && s.naked.due(s.o.Now()) {
		s.o.Log.WarnContext(r.Context(), "a client sent a password over plain http; it was not looked at, but it was readable on the network: change it", "from", infoOf(r.Context()).client.addr)
	}
	target := s.o.Origin
	if host, _, err := net.SplitHostPort(r.Host); err == nil && s.isOurs(host) {
		target.Host = host
	} else if err != nil && s.isOurs(r.Host) {
		target.Host = strings.Trim(r.Host, "[]")
	}
	w.Header().Set("Location", target.String()+r.URL.EscapedPath()+query(r))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusMovedPermanently)
}

func query(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

// ClientAddr is the address of the client of this request, proxies seen through. It is what the portal throttles by.
func ClientAddr(ctx context.Context) netip.Addr { return infoOf(ctx).client.addr }

// OriginOf is the origin by which the client of this request came, proxies seen through, if it is one of ours; else
// the public one.
func OriginOf(r *http.Request) string {
	in := infoOf(r.Context())
	if in.server == nil {
		return "https://" + r.Host
	}
	return in.server.base(in.client)
}
