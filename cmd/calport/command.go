package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// stdio is the world of a command: tests give it another.
type stdio struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
}

// program is what every command starts from.
type program struct {
	stdio
	configFile string // --config
	started    bool   // a command was found and runs
	now        func() time.Time
}

// command is a row of the table of commands; help and completion are made from it.
type command struct {
	name  string // "profile show" is a command below a group
	args  string // words after the name, for the reader
	count cobra.PositionalArgs
	short string
	long  string
	// setup declares the flags and returns what runs.
	setup func(p *program, c *cobra.Command) func(ctx context.Context, args []string) error
}

// commands is every command there is, in the order of their use.
var commands = []command{
	{name: "demo", count: cobra.NoArgs, setup: setupDemo,
		short: "Run a sample organisation with everything in one process",
		long: `Starts a sample organisation of about 30 people in an LDAP server inside the process, with its own certificate
authority, the portal and the CalDAV server. Everybody's password is "calport". A second start keeps the data.`},
	{name: "serve", count: cobra.NoArgs, setup: setupServe,
		short: "Run the portal and the CalDAV server for a real directory"},
	{name: "export", count: cobra.NoArgs, setup: setupExport,
		short: "Write everybody's profile to a folder",
		long: `Writes a profile for each person, only where something changed, with manifest.json and manifest.csv.
Ctrl-C stops cleanly; the next run goes on. Exit status: 0 all written, 3 some people skipped, 1 something failed.`},
	{name: "profile show", args: "PERSON", count: cobra.ExactArgs(1), setup: setupProfileShow,
		short: "Show a person's effective profile and where each value comes from"},
	{name: "profile verify", args: "FILE...", count: cobra.MinimumNArgs(1), setup: setupProfileVerify,
		short: "Judge profiles, ours or anyone's, signed or not",
		long: `Checks signature, chain, digest and dates, and the content against the tables of payload keys, and says what is
wrong and where. Exit status: 0 no errors, 1 errors.`},
	{name: "lint", args: "FILE...", count: cobra.MinimumNArgs(1), setup: setupProfileVerify,
		short: "The same as profile verify"},
	{name: "profile resign", count: cobra.NoArgs, setup: setupProfileResign,
		short: "Sign everybody's profiles with the signer in force",
		long: `Signs for each person and platform what another signer has signed, or none. The content stays as it is, with its
UUIDs. The server does the same one by one as profiles are asked for; after a change of the signer this does it ahead,
so that a roll-out finds them ready. Ctrl-C stops cleanly; the next run goes on.`},
	{name: "settings export", args: "[FILE]", count: cobra.MaximumNArgs(1), setup: setupSettingsExport,
		short: "Write the profile settings of everyone, groups and people as TOML"},
	{name: "settings import", args: "FILE", count: cobra.ExactArgs(1), setup: setupSettingsImport,
		short: "Read profile settings; all are checked before any is changed"},
	{name: "check", args: "[PERSON]", count: cobra.MaximumNArgs(1), setup: setupCheck,
		short: "Walk an account as a device does, and explain what is wrong",
		long: `Looks up the DNS records, connects, follows discovery, signs in, stores and removes an event, and compares the
profile with all of it. The password is asked for, or taken from CALPORT_PASSWORD.
Exit status: 0 all well, 1 something failed.`},
	{name: "directory", count: cobra.NoArgs, setup: setupDirectory,
		short: "Read the directory and say how it stands; confirm that many people have left",
		long: `Reads the directory and counts who is there. A reading that would lose more people than directory.max_loss is
not applied, here and in the server, until --confirm says that they have really left.`},
	{name: "health", count: cobra.NoArgs, setup: setupHealth,
		short: "Say how the server, the directory, the database, certificates and DNS stand",
		long: `Looks at the directory, the database, the queues, the certificates, the listeners of the server that runs beside, the
DNS records and the disk. Exit status: 0 everything works, 1 something does not.`},
	{name: "audit", count: cobra.NoArgs, setup: setupAudit,
		short: "Show who did what, newest first"},
	{name: "room list", count: cobra.NoArgs, setup: setupRoomList,
		short: "List rooms and resources: how they answer, who keeps them"},
	{name: "room show", args: "ROOM", count: cobra.ExactArgs(1), setup: setupRoomShow,
		short: "Show a room or resource with its delegates and bookings"},
	{name: "room set", args: "ROOM", count: cobra.ExactArgs(1), setup: setupRoomSet,
		short: "Set how a room or resource answers invitations, and who keeps it",
		long: `Sets, over what the directory says, how a room or resource answers invitations, whose members it accepts, and who
reads or keeps its calendar. A running server knows it within seconds. All is checked before anything is changed.`},
	{name: "people left", count: cobra.NoArgs, setup: setupPeopleLeft,
		short: "List people, rooms and resources who have left the directory, and what is kept of them"},
	{name: "people erase", args: "[NAME...]", count: cobra.ArbitraryArgs, setup: setupPeopleErase,
		short: "Erase what is kept of people who have left the directory",
		long: `Erases calendars, app passwords, devices, sessions, links, traces, settings and kept profiles of people, rooms and
resources who have left the directory, and takes them out of the delegates of others. What others have stays theirs:
meetings that the gone had organized are called off by --cancel-meetings only. The record of who did what keeps their
GUID until records.audit_days are over. Nobody is erased while the directory cannot be read whole. The server may run: it
does the work then. Ctrl-C stops after the person under way; the same command goes on.`},
	{name: "schedule explain", args: "UID", count: cobra.ExactArgs(1), setup: setupScheduleExplain,
		short: "Tell the life of an invitation: who changed what, what was sent to whom, and how it stands"},
	{name: "backup", args: "FILE", count: cobra.ExactArgs(1), setup: setupBackup,
		short: "Write the data folder, database and keys, into one file; the server may run",
		long: `Writes the data folder as it is at one moment into a tar file compressed with gzip: calendars and all else in the
SQLite database, calport's authority, and the signing identity that was uploaded. The server may run and nobody waits.
Whoever has the file can speak for calport, so it is readable by its owner only. A database on PostgreSQL is not in it,
nor is the configuration. Ctrl-C leaves what was there before.`},
	{name: "restore", args: "[FILE]", count: cobra.MaximumNArgs(1), setup: setupRestore,
		short: "Put a backup into the data folder, and have clients synchronise anew",
		long: `Unpacks what calport backup wrote into the data folder, which must hold none of it yet; the server must not run. Devices have
seen changes that the backup does not know, so all that they remember of the state of their calendars is made invalid,
and they synchronise everything anew. Without FILE it does only this, after the database was restored by other means,
PostgreSQL's own say. If it fails, the data folder is as it was before.`},
	{name: "dns", count: cobra.NoArgs, setup: setupDNS,
		short: "Print the DNS records to publish"},
	{name: "token create", args: "NAME", count: cobra.ExactArgs(1), setup: setupTokenCreate,
		short: "Make a bearer token for an MDM server; it is shown once"},
	{name: "token list", count: cobra.NoArgs, setup: setupTokenList,
		short: "List the tokens and when they were last used"},
	{name: "token revoke", args: "NAME", count: cobra.ExactArgs(1), setup: setupTokenRevoke,
		short: "Make a token useless at once"},
	{name: "mail test", args: "ADDRESS", count: cobra.ExactArgs(1), setup: setupMailTest,
		short: "Send a mail to an address and look into the mailbox of answers, to see whether they work"},
	{name: "keys create", args: "FILE", count: cobra.ExactArgs(1), setup: setupKeysCreate,
		short: "Make the key under which several nodes keep calport's own keys in their database"},
	{name: "keys move", count: cobra.NoArgs, setup: setupKeysMove,
		short: "Put this node's authority, signer and TLS keys into the database, sealed"},
	{name: "keys reseal", count: cobra.NoArgs, setup: setupKeysReseal,
		short: "Seal what is in the database with the first key of secrets.key_file"},
	{name: "config", count: cobra.NoArgs, setup: setupConfig,
		short: "Print a commented example configuration, or check one with --check FILE"},
}

// groups are the names above commands of two words.
var groups = map[string]string{
	"profile":  "Look at profiles",
	"mail":     "Try the mail account",
	"settings": "Carry profile settings in and out",
	"keys":     "Keys that several nodes share",
	"people":   "People who have left",
	"room":     "Rooms and resources",
	"schedule": "Look into scheduling",
	"token":    "Tokens for the MDM payload source",
}

// Exit statuses beside 0.
const (
	exitFailed  = 1 // something went wrong
	exitUsage   = 2 // the command line or the configuration is wrong
	exitSkipped = 3 // export: some people were skipped
)

// exitError carries the exit status of a failure. A nil err was explained already.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// run is the program: arguments in, exit status out.
func run(ctx context.Context, args []string, io stdio) int {
	return (&program{stdio: io, now: time.Now}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.tree()
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	status := exitFailed
	if !p.started {
		status = exitUsage // cobra's own: no such command
	}
	var exit *exitError
	if errors.As(err, &exit) {
		status = exit.status
		err = exit.err
	}
	if err != nil {
		fmt.Fprintln(p.err, "calport: "+err.Error())
	}
	return status
}

// tree builds cobra's commands from the table.
func (p *program) tree() *cobra.Command {
	root := &cobra.Command{
		Use:   "calport",
		Short: "Signed calendar profiles for the people of a directory, and the CalDAV server they point at",
		Long: `calport turns the people of a directory into signed calendar profiles, and hosts the CalDAV server that the
profiles point at.

Exit status: 0 done; 1 something failed; 2 the command line or the configuration is wrong; 3 export skipped people.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringVar(&p.configFile, "config", "", "configuration `file`; else $CALPORT_CONFIG, ./calport.toml, /etc/calport/calport.toml")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	parents := map[string]*cobra.Command{}
	for _, row := range commands {
		parent, name := root, row.name
		if group, leaf, ok := strings.Cut(row.name, " "); ok {
			if parents[group] == nil {
				parents[group] = &cobra.Command{Use: group, Short: groups[group], Args: usageArgs(cobra.NoArgs),
					RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
				root.AddCommand(parents[group])
			}
			parent, name = parents[group], leaf
		}
		c := &cobra.Command{Use: strings.TrimSpace(name + " " + row.args), Short: row.short, Long: row.long, Args: usageArgs(row.count)}
		do := row.setup(p, c)
		c.RunE = func(c *cobra.Command, args []string) error {
			p.started = true
			return do(c.Context(), args)
		}
		parent.AddCommand(c)
	}
	return root
}

// usageArgs gives a wrong number of words the exit status of a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &exitError{exitUsage, fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
		}
		return nil
	}
}
