package web

import (
	"encoding/json"
	"net/http"

	"calport/directory"
	"calport/profiles"
)

// declarationList is the declarations of one person.
type declarationList struct {
	Person       string        `json:"person"` // short name
	GUID         string        `json:"guid"`
	Declarations []declaration `json:"declarations"`
	// Documents are what the credentials refer to, by identifier: only after an app password has been made, for the MDM
	// server to serve, since a password is told once.
	Documents map[string]credential `json:"documents,omitempty"`
}

// declaration is one declaration, by Apple's names.
type declaration struct {
	Type        string
	Identifier  string
	ServerToken string
	Payload     json.RawMessage
}

// credential is the document of com.apple.asset.credential.userpassword.
type credential struct {
	UserName string
	Password string `json:",omitempty"`
}

// declarationsOf makes the declarations of the person whom the path names. With a device there is an app password in
// them.
func (s *site) declarationsOf(r *http.Request, t Token, device string) (*directory.Principal, []profiles.Declaration, error) {
	name, err := segment(r.URL, 4)
	if err != nil {
		return nil, nil, err
	}
	people := s.o.People()
	p, err := t.person(people, name)
	if err != nil {
		return nil, nil, err
	}
	if !s.o.Access.Profile.Allows(people, p) {
		return nil, nil, noProfile("not-allowed", "This account is not among those that get a calendar profile here. The administrator decides who does.")
	}
	renderer, err := s.o.Renderer(r.Context())
	if err != nil {
		return nil, nil, err
	}
	list, err := renderer.Generator.Declarations(renderer.Directory, p)
	if err != nil || device == "" {
		return p, list, explain(err)
	}
	secret, err := s.devicePassword(r, visitor{people: people, person: p}, device)
	if err != nil {
		return nil, nil, err
	}
	list, err = renderer.Generator.DeclarationsWithPassword(renderer.Directory, p, secret)
	return p, list, explain(err)
}

func (s *site) listDeclarations(w http.ResponseWriter, r *http.Request, t Token) error {
	p, list, err := s.declarationsOf(r, t, "")
	if err != nil {
		return err
	}
	return answerJSON(w, r, http.StatusOK, declarationsJSON(p, list))
}

func declarationsJSON(p *directory.Principal, list []profiles.Declaration) declarationList {
	out := declarationList{Person: p.ShortName, GUID: p.GUID, Declarations: []declaration{}}
	for i := range list {
		var d declaration
		if json.Unmarshal(list[i].JSON(), &d) == nil { // it has just been made: cannot fail
			out.Declarations = append(out.Declarations, d)
		}
	}
	return out
}

// makeDeclarations makes an app password for one device, and gives the declarations with it.
func (s *site) makeDeclarations(w http.ResponseWriter, r *http.Request, t Token) error {
	device, err := deviceOfQuery(r.URL.Query())
	if err != nil {
		return err
	}
	p, list, err := s.declarationsOf(r, t, device)
	if err != nil {
		return err
	}
	out := declarationsJSON(p, list)
	out.Documents = make(map[string]credential)
	for i := range list {
		var c credential
		if list[i].Document != nil && json.Unmarshal(list[i].Document, &c) == nil {
			out.Documents[list[i].Identifier] = c
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return answerJSON(w, r, http.StatusCreated, out)
}

// readDeclaration gives one declaration.
func (s *site) readDeclaration(w http.ResponseWriter, r *http.Request, t Token) error {
	d, err := s.declarationNamed(r, t)
	if err != nil {
		return err
	}
	return giveJSON(w, r, d.JSON())
}

// readCredential gives the octets whose size and digest the credential's declaration tells.
func (s *site) readCredential(w http.ResponseWriter, r *http.Request, t Token) error {
	d, err := s.declarationNamed(r, t)
	switch {
	case err != nil:
		return err
	case d.Document == nil:
		return noSuchDeclaration
	case d.Secret():
		if err := t.needs(ScopeSecrets); err != nil {
			return err
		}
	}
	return giveJSON(w, r, d.Document)
}

var noSuchDeclaration = &problem{Status: http.StatusNotFound, Title: "There is no such declaration", Reason: "no-such-declaration",
	Detail: "The list of the person's declarations has the identifiers that there are."}

// declarationNamed finds the declaration whose identifier is in the path.
func (s *site) declarationNamed(r *http.Request, t Token) (*profiles.Declaration, error) {
	_, list, err := s.declarationsOf(r, t, "")
	if err != nil {
		return nil, err
	}
	identifier, err := segment(r.URL, 6)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Identifier == identifier {
			return &list[i], nil
		}
	}
	return nil, noSuchDeclaration
}
