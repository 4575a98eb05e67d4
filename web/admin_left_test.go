package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/server/store"
)

// storeLeft joins the store as package cmd does; each of the departed has one calendar.
type storeLeft struct{ *store.Store }

func (s storeLeft) Departed(ctx context.Context) ([]Departed, error) {
	all, err := s.Store.Departed(ctx)
	list := make([]Departed, len(all))
	for i := range all {
		list[i] = Departed(all[i])
	}
	return list, err
}

func (s storeLeft) DepartedOne(ctx context.Context, owner string) (Departed, bool, error) {
	d, err := s.Store.DepartedOne(ctx, owner)
	if errors.Is(err, store.ErrNotFound) {
		return Departed{}, false, nil
	}
	return Departed(d), err == nil, err
}

func (s storeLeft) EraseDeparted(ctx context.Context, d Deed, owners []string, callOff bool) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AskErasing(owners, d.Actor, callOff)
		return err
	})
}

func (s storeLeft) CalendarsOf(context.Context, string) ([]Calendar, error) {
	return []Calendar{{Name: "calendar", Title: "Work", Component: "VEVENT", Objects: 1}}, nil
}

func (s storeLeft) DownloadOf(w http.ResponseWriter, _ *http.Request, owner, name string) error {
	_, err := w.Write([]byte("BEGIN:VCALENDAR of " + owner + " " + name))
	return err
}

// left notes two who have left, of whom something is kept.
func (h *house) left(t testing.TB) {
	t.Helper()
	var gone []store.Departed
	for owner, days := range map[string]int{"hedy-guid": 100, "emmy-guid": 3} {
		err := h.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.CreateHome(owner, nil)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		gone = append(gone, store.Departed{Owner: owner, Kind: 1, Name: owner[:4], FullName: owner[:4] + " Kiesler", Mails: []string{owner[:4] + "@example.com"}, Since: h.clock.now().AddDate(0, 0, -days)})
	}
	if err := h.store.NoteDeparted(t.Context(), gone, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
}

func TestWhoHasLeftIsListedAndErased(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	b.get(leftPath).wants(t, http.StatusOK).says(t, "Nothing is kept of anybody who has left.")
	h.left(t)
	b.get(adminPath+"people").says(t, leftPath)
	b.get(leftPath).wants(t, http.StatusOK).says(t, "hedy Kiesler", "Left on ", "Left 3 days ago", "emmy Kiesler").silent(t, "I am sure").header(t, "Refresh", "")
	b.get(leftPath+"?older=90").says(t, "hedy Kiesler", "Erase all of them: 1", "I am sure").silent(t, "emmy")
	b.get(leftPath+"/hedy-guid").wants(t, http.StatusOK).says(t, "hedy@example.com", "Work", "Erase for good")
	b.get(leftPath+"/grace").wants(t, http.StatusNotFound)

	b.post(leftCopyPath, url.Values{"who": {"hedy-guid"}, "name": {"calendar"}}).wants(t, http.StatusOK).says(t, "BEGIN:VCALENDAR of hedy-guid calendar").header(t, "Cache-Control", "no-store")
	b.post(leftCopyPath, url.Values{"who": {"hedy-guid"}, "name": {"other"}}).wants(t, http.StatusNotFound)
	b.post(leftErasePath, url.Values{"who": {"hedy-guid"}}).wants(t, http.StatusUnprocessableEntity).says(t, "Nobody has been erased")
	b.post(leftErasePath, url.Values{"who": {"grace"}, "sure": {"1"}}).wants(t, http.StatusNotFound)
	if due, err := h.store.DepartedToErase(t.Context()); err != nil || len(due) != 0 {
		t.Fatalf("asked for: %+v, %v", due, err)
	}
	before := h.clock.now().Add(-90 * 24 * time.Hour).Unix()
	b.post(leftErasePath, url.Values{"before": {strconv.FormatInt(before, 10)}, "sure": {"1"}, "call_off": {"1"}}).wants(t, http.StatusSeeOther).header(t, "Location", leftPath)
	due, err := h.store.DepartedToErase(t.Context())
	if err != nil || len(due) != 1 || due[0].Owner != "hedy-guid" || !due[0].CallOff || due[0].AskedBy != ownerOf(h.person(t, demo.Admin)) {
		t.Errorf("asked for: %+v, %v", due, err)
	}
	b.get(leftPath).says(t, "One is being erased", "is being erased").silent(t, "go out first", "goes out first").header(t, "Refresh", "3")
	b.get(leftPath+"?older=90").says(t, "One is being erased").silent(t, "I am sure").header(t, "Refresh", "3")
	b.get(leftPath+"?older=1").says(t, "Erase all of them: 1", "I am sure").header(t, "Refresh", "") // not while the form is filled in
	err = h.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.QueueMail(store.OutgoingMail{Owner: "hedy-guid", UID: "u", Recipient: "mailto:zoe@elsewhere.example", Data: []byte("x")}, func(store.OutgoingMail) bool { return false })
	})
	if err != nil {
		t.Fatal(err)
	}
	b.get(leftPath).says(t, "1 mail that calls meetings off goes out first.")
	b.get(leftPath+"/hedy-guid").says(t, "1 mail that calls meetings off goes out first.").silent(t, "I am sure").header(t, "Refresh", "3")
	b.post(languagePath, url.Values{"language": {"de"}}).wants(t, http.StatusSeeOther)
	b.get(leftPath).says(t, "Wer gegangen ist", "Gegangen vor 3 Tagen").silent(t, "Left")
	b.get(leftPath+"/emmy-guid").says(t, "Endgültig löschen", "Ich bin sicher")
}
