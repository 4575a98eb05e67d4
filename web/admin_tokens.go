package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"calport/directory"
)

const (
	tokensPath      = adminPath + "tokens"
	tokenRevokePath = tokensPath + "/revoke"
)

// tokenDays are for how many days a token may work; 0 is for ever.
var tokenDays = []int{365, 90, 30, 0}

// maxTokenName bounds a name, in characters.
const maxTokenName = 60

// scopeWords say what a scope opens.
var scopeWords = map[string]english{
	ScopeList:    "which profiles there are, and whose have changed",
	ScopeRead:    "the profiles themselves",
	ScopeSecrets: "profiles with a password inside, and making app passwords",
}

// tokensView lists tokens, with the form for a new one.
type tokensView struct {
	Now    time.Time
	Rows   []shownToken
	Scopes []shownScope
	Days   []int
	Secret string // of the one that has just been made
	Wrong  phrase // what is wrong with the form; its Format is empty if nothing is
	Name   string // typed, as
	Groups string
}

type shownScope struct {
	Name   string
	Words  english
	Chosen bool
}

type shownToken struct {
	Token
	For   []string // names of the groups to which it is limited
	State english  // empty: it works
}

func (s *site) tokens(w http.ResponseWriter, r *http.Request) error {
	return s.showTokens(w, r, http.StatusOK, tokensView{}, []string{ScopeList, ScopeRead})
}

func (s *site) showTokens(w http.ResponseWriter, r *http.Request, status int, view tokensView, scopes []string) error {
	all, err := s.o.Tokens.AllTokens(r.Context())
	if err != nil {
		return err
	}
	view.Now, view.Days = s.o.Now(), tokenDays
	for _, name := range Scopes {
		view.Scopes = append(view.Scopes, shownScope{name, scopeWords[name], slices.Contains(scopes, name)})
	}
	for _, t := range slices.Backward(all) {
		shown := shownToken{Token: t}
		for _, g := range t.Groups {
			shown.For = append(shown.For, calledIn(visitorOf(r.Context()).people, g))
		}
		switch {
		case !t.Revoked.IsZero():
			shown.State = "revoked"
		case !t.Expires.IsZero() && !view.Now.Before(t.Expires):
			shown.State = "expired"
		}
		view.Rows = append(view.Rows, shown)
	}
	return s.render(w, r, status, "admin-tokens", "Tokens", view)
}

// createToken makes a token. The answer tells its secret, and nothing else ever does.
func (s *site) createToken(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	scopes := r.PostForm["scope"]
	view := tokensView{Name: visible(strings.TrimSpace(r.PostForm.Get("name"))), Groups: r.PostForm.Get("groups")}
	t := Token{Name: view.Name, Scopes: scopes}
	t.Groups, view.Wrong = groupsIn(visitorOf(r.Context()).people, view.Groups)
	switch {
	case view.Name == "" || utf8.RuneCountInString(view.Name) > maxTokenName:
		view.Wrong = say("Give the token a name, of at most %d characters.", maxTokenName)
	case len(scopes) == 0 || slices.ContainsFunc(scopes, func(name string) bool { return !slices.Contains(Scopes, name) }):
		view.Wrong = say("Choose what the token opens.")
	}
	if view.Wrong.Format != "" {
		return s.showTokens(w, r, http.StatusUnprocessableEntity, view, scopes)
	}
	days, err := strconv.Atoi(r.PostForm.Get("days"))
	if err != nil || !slices.Contains(tokenDays, days) {
		days = tokenDays[0]
	}
	if days > 0 {
		t.Expires = s.o.Now().AddDate(0, 0, days)
	}
	secret, err := s.o.Tokens.CreateToken(r.Context(), s.deed(r, "token.create", t.Name, ""), t)
	if errors.Is(err, ErrNameTaken) {
		view.Wrong = say("There is a token named %s already. Revoke it first, or take another name.", t.Name)
		return s.showTokens(w, r, http.StatusUnprocessableEntity, view, scopes)
	}
	if err != nil {
		return err
	}
	return s.showTokens(w, r, http.StatusOK, tokensView{Secret: secret}, []string{ScopeList, ScopeRead})
}

// groupsIn are the GUIDs of the groups that a field names, and what is wrong with it.
func groupsIn(people *directory.Snapshot, text string) (guids []string, wrong phrase) {
	for _, name := range namesIn(text) {
		g := people.ByName(directory.Group, name)
		if g == nil {
			g = people.ByGUID(name)
		}
		if g == nil || g.Kind != directory.Group {
			return nil, say("There is no group %s in the directory.", name)
		}
		guids = append(guids, strings.ToLower(g.GUID))
	}
	slices.Sort(guids)
	return slices.Compact(guids), phrase{}
}

func (s *site) revokeToken(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
	if err != nil {
		return noSuchPath
	}
	all, err := s.o.Tokens.AllTokens(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return noSuchPath
	}
	if _, err := s.o.Tokens.RevokeToken(r.Context(), s.deed(r, "token.revoke", all[i].Name, ""), id); err != nil {
		return err
	}
	return redirect(w, tokensPath)
}
