package profiles

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"calport/directory"
)

// Variable is one row of the variables' table. The names are those of Profile Manager.
type Variable struct {
	Name  string // as between the per cent signs
	Title string // words for a reader
	value func(*directory.Principal) string
}

// Variables lists the variables of texts, besides %ldap:attribute%. %name|text% falls back on the text where a person
// has no value; %% is a per cent sign; tokens that macOS fills in itself, such as %ComputerName%, are left alone.
func Variables() []Variable { return slices.Clone(variables) }

var variables = []Variable{
	{"short_name", "login name", func(p *directory.Principal) string { return p.ShortName }},
	{"full_name", "full name", func(p *directory.Principal) string { return cmp.Or(p.FullName, p.ShortName) }},
	{"first_name", "first name", func(p *directory.Principal) string { return p.FirstName }},
	{"last_name", "last name", func(p *directory.Principal) string { return p.LastName }},
	{"email", "preferred mail address", (*directory.Principal).Mail},
	{"job_title", "job title", func(p *directory.Principal) string { return p.JobTitle }},
	{"mobile_phone", "mobile phone", func(p *directory.Principal) string { return p.MobilePhone }},
	{"guid", "stable id", func(p *directory.Principal) string { return p.GUID }},
}

// deviceTokens are replaced by macOS when the profile is installed; so are all that begin with AD_.
var deviceTokens = []string{"SerialNumber", "HardwareUUID", "ComputerName", "HostName", "LocalHostName", "MACAddress"}

// attributePrefix introduces the name of an attribute of the live directory.
const attributePrefix = "ldap:"

// segment is a piece of a template: literal text, or a variable.
type segment struct {
	text     string // literal
	variable string // as between the per cent signs, without the fallback; empty for a literal
	fallback string // empty: none
}

// segments takes a template apart. problem says what is wrong with it, and where.
func segments(template string) (parts []segment, problem Phrase) {
	rest := template
	for rest != "" {
		before, after, found := strings.Cut(rest, "%")
		if before != "" {
			parts = append(parts, segment{text: before})
		}
		if !found {
			break
		}
		at := len(template) - len(after)
		token, after, found := strings.Cut(after, "%")
		if !found {
			return nil, Say("the %% at character %s has no partner; write %%%% for a per cent sign", runesBefore(template, at))
		}
		part, problem := readToken(token)
		if !problem.Empty() {
			return nil, Say("%%%s%% at character %s: %s", token, runesBefore(template, at), problem)
		}
		parts, rest = append(parts, part), after
	}
	return parts, Phrase{}
}

// runesBefore counts the characters up to and with byte at.
func runesBefore(s string, at int) string { return strconv.Itoa(len([]rune(s[:at]))) }

// readToken reads what stands between two per cent signs.
func readToken(token string) (segment, Phrase) {
	name, fallback, hasFallback := strings.Cut(token, "|")
	attribute, isAttribute := strings.CutPrefix(name, attributePrefix)
	switch {
	case token == "":
		return segment{text: "%"}, Phrase{}
	case slices.Contains(deviceTokens, token) || strings.HasPrefix(token, "AD_"):
		return segment{text: "%" + token + "%"}, Phrase{}
	case isAttribute && !isAttributeName(attribute):
		return segment{}, Say("it names no attribute; write for example %%ldap:departmentNumber%%")
	case !isAttribute && !slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name }):
		return segment{}, Say("the variable is unknown; known are %s and %%ldap:attribute%%; write %%%% for a per cent sign", variableNames())
	case hasFallback && strings.TrimSpace(fallback) == "":
		return segment{}, Say("the text after | is empty; profiles never hold empty values")
	}
	return segment{variable: name, fallback: fallback}, Phrase{}
}

func variableNames() string {
	var names []string
	for _, v := range variables {
		names = append(names, "%"+v.Name+"%")
	}
	return strings.Join(names, " ")
}

// isAttributeName tells an attribute description with options, or a numeric OID (RFC 4512 section 2.5).
func isAttributeName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r != '.' && r != ';' && notInHost(r) || r == '_' })
}

// variableIn finds a variable in a text that should have none; empty if there is none. What devices fill in is none.
func variableIn(text string) string {
	pieces := strings.Split(text, "%")
	for i := 1; i < len(pieces)-1; i++ { // what stands between two per cent signs
		if part, problem := readToken(pieces[i]); problem.Empty() && part.variable != "" {
			return "%" + pieces[i] + "%"
		}
	}
	return ""
}

// checkTemplate says what is wrong with a template. rule judges its literal text.
func checkTemplate(template string, rule func(string) string) Phrase {
	if strings.TrimSpace(template) == "" {
		return emptyValue
	}
	if problem := plainText(template); problem != "" {
		return Say(problem)
	}
	parts, problem := segments(template)
	if !problem.Empty() || rule == nil {
		return problem
	}
	var literal strings.Builder // an x stands for each value
	for _, part := range parts {
		literal.WriteString(part.text)
		if part.variable != "" {
			literal.WriteString(cmp.Or(part.fallback, "x"))
		}
	}
	return Say(rule(literal.String()))
}

// vars is where the values of variables come from.
type vars struct {
	person *directory.Principal
	dir    Directory
}

// lookup returns the value of a variable, without space around it; empty if the person has none.
func (v vars) lookup(name string) string {
	if attribute, ok := strings.CutPrefix(name, attributePrefix); ok {
		for _, value := range v.person.Attributes[strings.ToLower(attribute)] {
			if value = strings.TrimSpace(value); value != "" {
				return value
			}
		}
		return ""
	}
	for i := range variables {
		if variables[i].Name == name {
			return strings.TrimSpace(variables[i].value(v.person))
		}
	}
	return ""
}

// expand fills in a template that checkTemplate has passed. Errors: *MissingError, *ValueError.
func (v vars) expand(setting, template string, rule func(string) string) (string, error) {
	out := template
	if strings.Contains(template, "%") {
		var err error
		if out, err = v.fill(setting, template); err != nil {
			return "", err
		}
	}
	problem := plainText(out)
	if problem == "" && rule != nil {
		problem = rule(out)
	}
	if problem != "" {
		return "", &ValueError{Setting: setting, Value: out, Problem: Say(problem)}
	}
	return out, nil
}

func (v vars) fill(setting, template string) (string, error) {
	parts, problem := segments(template)
	if !problem.Empty() {
		return "", &ValueError{Setting: setting, Value: template, Problem: problem}
	}
	var out strings.Builder
	for _, part := range parts {
		if part.variable == "" {
			out.WriteString(part.text)
			continue
		}
		value := cmp.Or(v.lookup(part.variable), part.fallback)
		if value == "" {
			return "", &MissingError{Variable: part.variable, Setting: setting}
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

// userName fills in the user name. Whoever signs in with it must be this person and nobody else: a profile with another
// name would ask for a password that the server never takes.
func (v vars) userName(template string) (string, error) {
	const setting = "user_name"
	name, err := v.expand(setting, template, userName)
	if err != nil {
		return "", err
	}
	found, err := v.dir.ByLogin(name)
	var problem Phrase
	choose := Say("choose variables that lead to each person alone, such as %%short_name%%")
	switch {
	case errors.Is(err, directory.ErrAmbiguous):
		problem = Say("several people have this name; %s", choose)
	case err != nil:
		problem = Say("nobody signs in by this name; %s", choose)
	case directory.Fold(found.GUID) != directory.Fold(v.person.GUID):
		problem = Say("it is %s who signs in by this name; %s", found.ShortName, choose)
	default:
		return name, nil
	}
	return "", &ValueError{setting, name, problem}
}

// host is the server of the person: that of the domain of the preferred mail address, else the one of all.
func (v vars) host(s *Settings) string {
	if s.Hosts != nil {
		_, domain, _ := strings.Cut(v.person.Mail(), "@")
		if host := (*s.Hosts)[strings.ToLower(domain)]; host != "" {
			return host
		}
	}
	return *s.Host
}

// consent fills in the texts of all languages.
func (v vars) consent(setting string, texts map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(texts))
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		value, err := v.expand(setting, texts[language], nil)
		if err != nil {
			return nil, err
		}
		out[language] = value
	}
	return out, nil
}

// LDAPAttributes lists, sorted and in lower case, the attributes that the document's texts use as %ldap:attribute%:
// the directory has to keep them.
func (d *Document) LDAPAttributes() []string {
	used := make(map[string]bool)
	d.scopes(func(_ string, s *Settings) {
		for i := range fields {
			for _, template := range fields[i].templates(s) {
				parts, _ := segments(template)
				for _, part := range parts {
					if attribute, ok := strings.CutPrefix(part.variable, attributePrefix); ok {
						used[strings.ToLower(attribute)] = true
					}
				}
			}
		}
	})
	return slices.Sorted(maps.Keys(used))
}
