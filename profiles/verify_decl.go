package profiles

// Severity grades a finding.
type Severity int

const (
	Caution Severity = iota // odd, but devices take it
	Error                   // calport never makes such a profile; a device may refuse it, or the account fails
)

// Finding is one thing wrong with a profile's content.
type Finding struct {
	Kind     FindingKind
	Severity Severity
	Path     string // such as PayloadContent[0].CalDAVPort; empty for the whole
	Detail   string // what was found
	Remedy   string // what to do about it
}

// FindingKind names what is wrong.
type FindingKind string

// MaxSize is the largest content, in bytes, that is parsed.
const MaxSize = 1 << 20

// Verify judges the content of a profile, ours or anyone's, an XML or binary property list, against the key tables.
// It returns everything wrong in the order of the content; nothing when all is well.
func Verify(content []byte) []Finding { return nil }

// Parse reads an XML or binary property list of at most MaxSize bytes.
func Parse(content []byte) (Dict, error) { return nil, nil }

// Line says in words one thing that a profile holds.
type Line struct {
	Group string // the payload: "Calendar account"
	Key   string // CalDAVHostName
	Title string // "Server"
	Value string // "cal.example.com", "yes", "(hidden)"
}

// Describe says in words what a profile holds, as far as it concerns the platform.
func Describe(values Dict, platform Platform) []Line { return nil }

// ParseDocument reads a settings document strictly. file is only for messages. The error joins a *SettingError for
// every mistake.
func ParseDocument(file string, text []byte) (*Document, error) { return nil, nil }

// TOML writes the document as ParseDocument reads it.
func (d *Document) TOML() ([]byte, error) { return nil, nil }

// Validate finds every mistake that can be found without the directory. The error joins *SettingError values.
func (d *Document) Validate() error { return nil }

// LDAPAttributes lists, sorted and in lower case, the attributes that the document's templates use as %ldap:…%.
func (d *Document) LDAPAttributes() []string { return nil }
