package web

import (
	"context"
	"crypto/rand"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"calport/directory"
)

const (
	linksPath       = adminPath + "links"
	enrolmentPath   = linksPath + "/{id:[0-9]+}"
	linksChangePath = linksPath + "/change"
)

// linkDays are for how many days a handed-out link may work, the first one by default.
var linkDays = []int{7, 1, 3, 14, 30}

// shownEnrolments is how many are listed.
const shownEnrolments = 50

// linksView is the form, and what has been handed out.
type linksView struct {
	Now      time.Time
	Rows     []shownEnrolment
	Days     []int
	Whom     string // typed, or come with the address
	Everyone bool
	Unknown  []string // names of nobody
	Nobody   bool     // who gets a profile is among them
	CanMail  bool
}

// shownEnrolment is an enrolment with names and sums.
type shownEnrolment struct {
	Enrolment
	By string
}

// Total counts the letters.
func (e shownEnrolment) Total() int64 { return e.Waiting + e.Done + e.Failed + e.Stopped }

// Handled counts those that nothing is done about any more.
func (e shownEnrolment) Handled() int64 { return e.Total() - e.Waiting }

func (s *site) links(w http.ResponseWriter, r *http.Request) error {
	return s.showLinks(w, r, http.StatusOK, linksView{Whom: r.URL.Query().Get("whom")})
}

func (s *site) showLinks(w http.ResponseWriter, r *http.Request, status int, view linksView) error {
	all, err := s.o.Enrolments.Enrolments(r.Context(), 0, shownEnrolments)
	if err != nil {
		return err
	}
	view.Now, view.Days, view.CanMail = s.o.Now(), linkDays, s.o.Mailer != nil
	for _, e := range all {
		view.Rows = append(view.Rows, shownEnrolment{e, calledIn(visitorOf(r.Context()).people, e.Maker)})
	}
	return s.render(w, r, status, "admin-links", "One-time links", view)
}

// handOut makes links for those whom the form names, as a list or by mail.
func (s *site) handOut(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	view := linksView{Whom: r.PostForm.Get("whom"), Everyone: r.PostForm.Get("everyone") != ""}
	names := namesIn(view.Whom)
	chosen, unknown := s.chosen(visitorOf(r.Context()).people, names, view.Everyone)
	if view.Unknown, view.Nobody = unknown, len(chosen) == 0; view.Nobody || len(unknown) > 0 {
		return s.showLinks(w, r, http.StatusUnprocessableEntity, view)
	}
	days, err := strconv.Atoi(r.PostForm.Get("days"))
	if err != nil || !slices.Contains(linkDays, days) {
		days = linkDays[0]
	}
	whom := strings.Join(names, ", ")
	if view.Everyone {
		whom = "everyone"
	}
	e := Enrolment{Whom: cutText(whom, 200), Valid: time.Duration(days) * 24 * time.Hour, Language: s.tongueOf(r).Tag.String()}
	if r.PostForm.Get("way") == "mail" && s.o.Mailer != nil {
		return s.mailLinks(w, r, e, chosen)
	}
	return s.listLinks(w, r, e, chosen)
}

// namesIn are the names in a field: people write them on lines, or with commas.
func namesIn(text string) (names []string) {
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n\r\t", r) }) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cutText is text of no great length.
func cutText(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}

// chosen are the people who are named, by themselves or by their groups, and get a profile; each once, in the order of
// their short names. unknown are names of neither.
func (s *site) chosen(people *directory.Snapshot, names []string, everyone bool) (chosen []*directory.Principal, unknown []string) {
	add := func(p *directory.Principal) {
		if p.Kind == directory.Individual && p.State == directory.Active && s.o.Access.Profile.Allows(people, p) {
			chosen = append(chosen, p)
		}
	}
	if everyone {
		for p := range people.All(directory.Individual) {
			add(p)
		}
		names = nil
	}
	for _, name := range names {
		p := people.ByGUID(idOf(people, name))
		switch {
		case p == nil:
			unknown = append(unknown, name)
		case p.Kind == directory.Group:
			for _, member := range people.Members(p.GUID) {
				add(member)
			}
		default:
			add(p)
		}
	}
	slices.SortFunc(chosen, func(a, b *directory.Principal) int {
		return strings.Compare(a.ShortName+"\x00"+a.GUID, b.ShortName+"\x00"+b.GUID)
	})
	return slices.CompactFunc(chosen, func(a, b *directory.Principal) bool { return a == b }), unknown
}

// mailLinks has the links sent by mail, soon.
func (s *site) mailLinks(w http.ResponseWriter, r *http.Request, e Enrolment, chosen []*directory.Principal) error {
	var letters []Letter
	for _, p := range chosen {
		l := Letter{Owner: ownerOf(p), Address: p.Mail()}
		if l.Address == "" {
			l.State, l.Problem = LetterFailed, errNoAddress.Error()
		}
		letters = append(letters, l)
	}
	e.ByMail = true
	made, err := s.o.Enrolments.Enrol(r.Context(), s.enrolDeed(r, e, len(chosen)), e, letters, nil)
	if err != nil {
		return err
	}
	s.o.Mailer.Wake()
	return redirect(w, enrolmentAddress(made.ID))
}

// listLinks gives the links as CSV, this one time.
func (s *site) listLinks(w http.ResponseWriter, r *http.Request, e Enrolment, chosen []*directory.Principal) error {
	letters, secrets := make([]Letter, len(chosen)), make(map[string]string, len(chosen))
	for i, p := range chosen {
		letters[i] = Letter{Owner: ownerOf(p), Address: p.Mail()}
		secrets[ownerOf(p)] = strings.ToLower(rand.Text())
	}
	made, err := s.o.Enrolments.Enrol(r.Context(), s.enrolDeed(r, e, len(chosen)), e, letters, secrets)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", attachment("calport-links-"+s.o.Now().UTC().Format("2006-01-02-1504")+".csv"))
	h.Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	writeCells(out, "name", "full_name", "mail", "link", "expires")
	for _, p := range chosen {
		writeCells(out, p.ShortName, p.FullName, p.Mail(), linkURL(s.o.Origin, secrets[ownerOf(p)]), made.Created.Add(e.Valid).UTC().Format(time.RFC3339))
	}
	out.Flush()
	return nil // the head has gone out, and a client that has gone is nobody's mistake
}

func (s *site) enrolDeed(r *http.Request, e Enrolment, people int) Deed {
	way := "list"
	if e.ByMail {
		way = "mail"
	}
	return s.deed(r, "link.hand-out", e.Whom, way+", "+strconv.Itoa(people)+" people")
}

func enrolmentAddress(id int64) string { return linksPath + "/" + strconv.FormatInt(id, 10) }

// enrolmentView is how far an enrolment is.
type enrolmentView struct {
	Now time.Time
	shownEnrolment
	Letters []shownLetter
	Next    string // address of further letters; empty: there are none
}

// shownLetter is a letter with the name of its person.
type shownLetter struct {
	Letter
	Name  string
	State english
	Mark  string // its class
	Over  bool   // the link was not used in time
}

// Trouble says why a letter has not been sent. What we have not said ourselves, a mail server or the network did.
func (l shownLetter) Trouble() phrase {
	switch letterError(l.Problem) {
	case errNobody, errNoAddress:
		return say(english(l.Problem))
	}
	return say("The mail could not be sent: %s", l.Problem)
}

// letterStates are words for states, and classes.
var letterStates = map[int64]struct {
	words english
	mark  string
}{
	LetterWaiting: {"waiting", ""}, LetterDone: {"handed out", "ok"}, LetterFailed: {"failed", "FAILED"}, LetterStopped: {"stopped", ""},
}

func (s *site) enrolment(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id == 0 {
		return noSuchPath
	}
	all, err := s.o.Enrolments.Enrolments(r.Context(), id, 1)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return noSuchPath
	}
	letters, err := s.o.Enrolments.Letters(r.Context(), id, r.URL.Query().Get("after"), rowsPerPage+1)
	if err != nil {
		return err
	}
	people := visitorOf(r.Context()).people
	view := enrolmentView{Now: s.o.Now(), shownEnrolment: shownEnrolment{all[0], calledIn(people, all[0].Maker)}}
	for i, l := range letters {
		if i == rowsPerPage {
			view.Next = enrolmentAddress(id) + "?after=" + letters[i-1].Owner
			break
		}
		state := letterStates[l.State]
		over := l.Used.IsZero() && !l.Expires.IsZero() && !s.o.Now().Before(l.Expires)
		view.Letters = append(view.Letters, shownLetter{l, calledIn(people, l.Owner), state.words, state.mark, over})
	}
	return s.render(w, r, http.StatusOK, "admin-enrolment", "One-time links", view)
}

// linkChanges are what can be done to an enrolment.
var linkChanges = map[string]func(s *site, ctx context.Context, d Deed, id int64) error{
	"retry": func(s *site, ctx context.Context, d Deed, id int64) error {
		return s.o.Enrolments.MoveLetters(ctx, d, id, LetterFailed, LetterWaiting)
	},
	"stop": func(s *site, ctx context.Context, d Deed, id int64) error {
		return s.o.Enrolments.MoveLetters(ctx, d, id, LetterWaiting, LetterStopped)
	},
	"resume": func(s *site, ctx context.Context, d Deed, id int64) error {
		return s.o.Enrolments.MoveLetters(ctx, d, id, LetterStopped, LetterWaiting)
	},
	"end": func(s *site, ctx context.Context, d Deed, id int64) error {
		return s.o.Enrolments.EndLinks(ctx, d, id)
	},
}

func (s *site) changeLinks(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PostForm.Get("id"), 10, 64)
	change := linkChanges[r.PostForm.Get("do")]
	if err != nil || id == 0 || change == nil {
		return noSuchPath
	}
	all, err := s.o.Enrolments.Enrolments(r.Context(), id, 1)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return noSuchPath
	}
	if err := change(s, r.Context(), s.deed(r, "link."+r.PostForm.Get("do"), all[0].Whom, ""), id); err != nil {
		return err
	}
	if s.o.Mailer != nil {
		s.o.Mailer.Wake()
	}
	return redirect(w, enrolmentAddress(id))
}
