package check

import (
	"context"

	"calport/profiles"
)

// step is a row of the walk: what a device does there, and what to do when it fails for a reason not foreseen.
type step struct {
	name, title string
	needs       []string
	run         func(context.Context, *walk) (found profiles.Phrase, err error)
	remedy      string
}

// none is what a step has found that says so by its error.
var none profiles.Phrase

// steps is the walk in a device's order.
var steps = []step{
	{name: "dns-caldavs", title: "DNS: the https service", run: lookUpSecure,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "dns-caldav", title: "DNS: the http service", run: lookUpPlain,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "dns-path", title: "DNS: where discovery begins", needs: []string{"dns-caldavs"}, run: lookUpPath,
		remedy: "publish what `calport dns` prints in the zone of the mail domain"},
	{name: "address", title: "Address of the host", run: lookUpHost,
		remedy: "give the host an A or AAAA record, or correct server.public_host"},
	{name: "connect", title: "Connection", needs: []string{"address"}, run: connect,
		remedy: "start calport, open the port in the firewall, or correct server.public_port"},
	{name: "tls", title: "TLS and its certificate", needs: []string{"connect"}, run: handshake,
		remedy: "see tls in the configuration"},
	{name: "classic-ports", title: "Ports that Calendar tries by itself", needs: []string{"connect"}, run: classicPorts,
		remedy: "listen on 8443 and 8008"},
	{name: "well-known", title: "Discovery by /.well-known/caldav", needs: []string{"tls"}, run: wellKnown,
		remedy: "let /.well-known/caldav reach calport: a proxy may answer it by itself"},
	{name: "challenge", title: "Question for the password", needs: []string{"tls"}, run: challenged,
		remedy: "let the path reach calport, and the WWW-Authenticate header reach the client"},
	{name: "profile-user", title: "The profile's user name", run: compareUser,
		remedy: "correct the setting user_name"},
	{name: "sign-in", title: "Sign-in and principal", needs: []string{"challenge"}, run: signIn,
		remedy: "see the server's log"},
	{name: "home", title: "Calendar home", needs: []string{"sign-in"}, run: findHome,
		remedy: "see the server's log"},
	{name: "calendars", title: "Calendars", needs: []string{"home"}, run: findCalendars,
		remedy: "create a calendar for events and one for reminders in the home"},
	{name: "round-trip", title: "An event there and back", needs: []string{"calendars"}, run: roundTrip,
		remedy: "see the server's log"},
	{name: "profile", title: "The profile's form", run: judgeProfile,
		remedy: "see `calport profile verify`"},
	{name: "profile-server", title: "The profile's server", needs: []string{"profile"}, run: compareProfile,
		remedy: "correct server.public_host, server.public_port or the settings host and port"},
}
