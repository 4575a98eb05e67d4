package profiles

import (
	"encoding/json"
	"net/url"
	"strings"

	"calport/directory"
)

// The types of declarations (apple/device-management, declarative/declarations at iOS 18.1 and macOS 15.1).
const (
	declareCalDAV     = "com.apple.configuration.account.caldav"
	declareCardDAV    = "com.apple.configuration.account.carddav"
	declareSubscribed = "com.apple.configuration.account.subscribed-calendar"
	declareCredential = "com.apple.asset.credential.userpassword"
	declareActivation = "com.apple.activation.simple"
)

// Declaration is one declaration of declarative device management, as an MDM server hands it to a device.
type Declaration struct {
	Type        string
	Identifier  string // at most 64 octets; of the person's GUID and the slot, so that it stays
	ServerToken string // SHA-256 of the rest in hex, 64 octets: it changes if and only if something else does
	Payload     Dict   // only keys of the schema, since devices take an unknown one for an error

	// Document is what a credential asset refers to; nil for every other declaration.
	Document []byte

	content []byte
}

// JSON returns the declaration, its keys sorted. The caller must not change it.
func (d *Declaration) JSON() []byte { return d.content }

// Secret reports whether the document holds a password.
func (d *Declaration) Secret() bool { return strings.Contains(string(d.Document), `"Password"`) }

// CredentialMediaType is the content type of a credential's document.
const CredentialMediaType = "application/json"

// Declarations makes a person's declarations from the same settings as the Calendar profile: for each account its
// configuration and the credential that it refers to, and the activation without which nothing is installed. Errors are
// those of Calendar; a server without TLS is a *ValueError, since no key of a declaration can say so.
func (g *Generator) Declarations(dir Directory, person *directory.Principal) ([]Declaration, error) {
	// The variant for iPhone and iPad has every account; declarations go by no platform.
	p, err := g.Calendar(dir, person, IOS)
	if err != nil {
		return nil, err
	}
	return declarations(p, g.documents(person))
}

// DeclarationsWithPassword is Declarations with a password in the credentials of our own server.
func (g *Generator) DeclarationsWithPassword(dir Directory, person *directory.Principal, password string) ([]Declaration, error) {
	p, err := g.CalendarWithPassword(dir, person, IOS, password)
	if err != nil {
		return nil, err
	}
	return declarations(p, g.documents(person))
}

// documents is the address below which devices find a person's documents.
func (g *Generator) documents(person *directory.Principal) string {
	return g.assets + "/guid:" + strings.ToLower(person.GUID) + "/credential"
}

func declarations(p *Profile, documents string) ([]Declaration, error) {
	var list []Declaration
	var active []string
	payloads, _ := p.values["PayloadContent"].([]any)
	for _, one := range payloads {
		payload := one.(Dict)
		row := accountRowOf(payload)
		if row == nil {
			continue // certificates and passwords for removal have no declaration that any device takes
		}
		account, err := row.configuration(payload)
		if err != nil {
			return nil, err
		}
		if user, _ := payload[row.prefix+"Username"].(string); user != "" {
			password, _ := payload[row.prefix+"Password"].(string)
			credential, err := newCredential(declarationID("credential", payload), user, password, documents)
			if err != nil {
				return nil, err
			}
			account["AuthenticationCredentialsAssetReference"] = credential.Identifier
			list = append(list, credential)
		}
		configuration, err := newDeclaration(row.declares, declarationID(row.word, payload), account)
		if err != nil {
			return nil, err
		}
		list, active = append(list, configuration), append(active, configuration.Identifier)
	}
	activation, err := newDeclaration(declareActivation, declarationID("activation", p.values), Dict{"StandardConfigurations": active})
	return append(list, activation), err
}

// declarationID is calport.WORD.UUID. A payload's UUID is made of the person's GUID and the slot; a profile's changes with its
// content, so an activation goes by its first payload's.
func declarationID(word string, values Dict) string {
	if payloads, ok := values["PayloadContent"].([]any); ok && values["PayloadType"] == typeConfiguration {
		values = payloads[0].(Dict)
	}
	return DeclarationPrefix + word + "." + values["PayloadUUID"].(string)
}

// DeclarationPrefix begins the identifier of every declaration.
const DeclarationPrefix = "calport."

func newDeclaration(kind, identifier string, payload Dict) (d Declaration, err error) {
	d = Declaration{Type: kind, Identifier: identifier, Payload: payload}
	whole := map[string]any{"Type": kind, "Identifier": identifier, "Payload": payload}
	content, err := json.Marshal(whole)
	if err != nil {
		return d, err
	}
	d.ServerToken = digestOf(content)
	whole["ServerToken"] = d.ServerToken
	d.content, err = json.Marshal(whole)
	return d, err
}

func newCredential(identifier, user, password, documents string) (Declaration, error) {
	document := map[string]string{"UserName": user}
	if password != "" {
		document["Password"] = password
	}
	text, err := json.Marshal(document)
	if err != nil {
		return Declaration{}, err
	}
	d, err := newDeclaration(declareCredential, identifier, Dict{
		"Reference": Dict{
			"DataURL": documents + "/" + identifier, "ContentType": CredentialMediaType,
			"Size": len(text), "Hash-SHA-256": digestOf(text),
		},
		"Authentication": Dict{"Type": "MDM"}, // never None: the address alone must open nothing
	})
	d.Document = text
	return d, err
}

// accountRow says how an account's payload becomes a configuration.
type accountRow struct {
	payload  string // its type
	prefix   string // of its keys
	declares string
	word     string // in the identifier
}

var accountRows = []accountRow{
	{typeCalDAV, "CalDAV", declareCalDAV, "caldav"},
	{typeCardDAV, "CardDAV", declareCardDAV, "carddav"},
	{typeSubscription, "SubCalAccount", declareSubscribed, "subscribed"},
}

func accountRowOf(payload Dict) *accountRow {
	for i := range accountRows {
		if accountRows[i].payload == payload["PayloadType"] {
			return &accountRows[i]
		}
	}
	return nil
}

// configuration writes the payload's values under the names of the declaration.
func (row *accountRow) configuration(payload Dict) (Dict, error) {
	host, _ := payload[row.prefix+"HostName"].(string)
	if payload[row.prefix+"UseSSL"] != true {
		return nil, &ValueError{"ssl", host, Say("declarations have no key for a server without TLS; use profiles, or TLS")}
	}
	account := Dict{}
	description := row.prefix + "AccountDescription"
	if row.declares == declareSubscribed {
		description = "SubCalAccountDescription"
		account["CalendarURL"] = host // a URL in spite of its key's name
	} else {
		account["HostName"], account["Port"] = host, payload[row.prefix+"Port"]
	}
	if name, _ := payload[description].(string); name != "" {
		account["VisibleName"] = name
	}
	if address, _ := payload[row.prefix+"PrincipalURL"].(string); address != "" {
		u, err := url.Parse(address)
		if err != nil {
			return nil, &ValueError{"principal_url", address, verbatim(err.Error())}
		}
		account["Path"] = u.Path
	}
	return account, nil
}
