package store

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// fill gives somebody a row in each table that has rows of people.
func fill(t testing.TB, s *Store, owner string) {
	t.Helper()
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	h := newHome(t, s, owner)
	put(t, s, h.Collection("calendar"), event("first", "uid-of-"+owner, "x"))
	mustWrite(t, s, func(tx *Tx) error {
		c, err := tx.CreateCollection(h.ID, NewCollection{Name: "old", Kind: Calendar})
		if err != nil {
			return err
		}
		if _, _, err := tx.PutObject(c.ID, event("second", "second-of-"+owner, "xyz")); err != nil {
			return err
		}
		if err := tx.DiscardCollection(c.ID); err != nil {
			return err
		}
		if err := tx.SetGroupAttendees(h.ID, "uid-of-"+owner, []GroupAttendee{{Group: "staff", LastEnd: later.Unix()}}); err != nil {
			return err
		}
		return tx.SetValue(BusyLinks, owner, []byte("secret"))
	})
	if _, err := s.CreateAppPassword(ctx, AppPassword{Owner: owner, Name: "phone", Hash: HashSecret(owner)}); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, func(tx *Tx) error {
		for _, statement := range []string{
			"INSERT INTO one_time_link (id, owner, secret_hash, created, expires, used, used_from, used_client) VALUES (1, $1, $1, 0, 0, 0, '', '')",
			"INSERT INTO download (owner, device, name, platform, profile, at) VALUES ($1, 'd', 'phone', 'ios', 'x', 1)",
			"INSERT INTO session (token_hash, owner, content, expires) VALUES ($1, $1, '', 1)",
			"INSERT INTO trace (owner, maker, started, ends) VALUES ($1, 'admin', 1, 1)",
			"INSERT INTO trace (owner, maker, started, ends) VALUES ('grace', $1, 1, 1)",
			"INSERT INTO trace_exchange (owner, id, size, content) VALUES ($1, 1, 1, 'x')",
			"INSERT INTO enrolment (id, maker, whom, by_mail, language, valid, created) VALUES (7, 'admin', $1, 1, '', 1, 1)",
			"INSERT INTO enrolment_letter (enrolment_id, owner, state, tries, due, done, address, problem, link_id) VALUES (7, $1, 0, 0, 0, 0, $1, '', 0)",
			"INSERT INTO enrolment (id, maker, whom, by_mail, language, valid, created) VALUES (8, $1, 'staff', 1, '', 1, 1)",
			"INSERT INTO enrolment_letter (enrolment_id, owner, state, tries, due, done, address, problem, link_id) VALUES (8, $1, 0, 0, 0, 0, $1, '', 0)",
			"INSERT INTO enrolment_letter (enrolment_id, owner, state, tries, due, done, address, problem, link_id) SELECT 8, 'grace', 0, 0, 0, 0, '', '', 0 WHERE $1 <> ''",
			"INSERT INTO mail_token (token, owner, uid, recipient, thread, last_used) VALUES ($1, $1, 'u', 'r', '', 1)",
			"INSERT INTO property (holder, target, viewer, space, local, xml) VALUES (0, $1, '', 's', 'l', 'x')",
			"INSERT INTO property (holder, target, viewer, space, local, xml) VALUES (5, '5', $1, 's', 'l', 'x')",
			"INSERT INTO token (id, name, owner, secret_hash, scopes, created, expires, last_used, revoked) VALUES (1, 'mdm', $1, 'h', '', 0, 0, 0, 0)",
			"INSERT INTO audit (id, at, actor, deed, thing, detail, origin) VALUES (1, 1, $1, 'x', $1, '', '')",
		} {
			if err := tx.exec(statement, owner); err != nil {
				return err
			}
		}
		if err := tx.QueueMail(OutgoingMail{Owner: owner, UID: "u", Recipient: "mailto:x@example.org", Data: []byte("x"), Due: later}, func(OutgoingMail) bool { return false }); err != nil {
			return err
		}
		_, err := tx.PutSetting(Setting{Scope: OfPerson, Subject: owner})
		return err
	})
	if err := s.NoteSignIns(ctx, []SignIn{{Owner: owner, Client: "iOS", Succeeded: later}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NoteProfiles(ctx, []ProfileNews{{Owner: owner, Name: "short-" + owner, Digest: "d"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NoteProfiles(ctx, []ProfileNews{{Owner: owner}}); err != nil {
		t.Fatal(err)
	}
}

// mentions lists the tables that have a word anywhere in their texts.
func mentions(t testing.TB, s *Store, word string) (tables []string) {
	t.Helper()
	catalogue := "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type IN ('TEXT', 'BLOB')"
	if _, ok := s.engine.(*sqliteEngine); !ok {
		catalogue = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND data_type = 'text'"
	}
	var columns [][2]string
	err := s.Read(t.Context(), func(tx *Tx) (err error) {
		columns, err = collect(tx.rows(catalogue), func(r cursor) (c [2]string, err error) {
			err = r.Scan(&c[0], &c[1])
			return c, err
		})
		return err
	})
	if err != nil || len(columns) < 30 {
		t.Fatalf("%d columns, %v", len(columns), err)
	}
	for _, c := range columns {
		var n int64
		err := s.Read(t.Context(), func(tx *Tx) error {
			return tx.row("SELECT count(*) FROM "+c[0]+" WHERE CAST("+c[1]+" AS TEXT) LIKE $1", []any{"%" + word + "%"}, &n)
		})
		if err != nil {
			t.Fatal(c, err)
		}
		if n > 0 && !slices.Contains(tables, c[0]) {
			tables = append(tables, c[0])
		}
	}
	slices.Sort(tables)
	return tables
}

func TestNothingIsLeftOfWhoIsErased(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		fill(t, s, "ada-guid")
		before := mentions(t, s, "ada-guid")
		for _, p := range personal {
			if !slices.Contains(before, p.table) {
				t.Errorf("the test has no row of ada in %s", p.table)
			}
		}
		if all, err := s.Holders(ctx); err != nil || !slices.Contains(all, "ada-guid") || slices.Contains(all, "") {
			t.Fatalf("holders: %q, %v", all, err)
		}
		if err := s.NoteDeparted(ctx, []Departed{{Owner: "ada-guid", Mails: []string{"ada@example.com", "a@example.com"}}, {Owner: "nobody-guid"}}, func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		all, err := s.Departed(ctx)
		if err != nil || len(all) != 1 {
			t.Fatalf("got %+v, %v; who has left nothing is not noted", all, err)
		}
		if d := all[0]; d.Name != "short-ada-guid" || len(d.Mails) != 2 || d.Objects != 2 || d.Size != 4 || d.Calendars != 3 || d.Seen.IsZero() || d.Since.IsZero() {
			t.Errorf("got %+v", d)
		}
		mustWrite(t, s, func(tx *Tx) error { return tx.EraseDeparted("ada-guid") })
		if got, want := mentions(t, s, "ada-guid"), []string{"audit", "profile_news"}; !slices.Equal(got, want) {
			t.Errorf("ada is still in %v, want the record and the change feed only", got)
		}
		if got := mentions(t, s, "short-ada"); got != nil {
			t.Errorf("her name is still in %v", got)
		}
		for _, table := range []string{"object", "object_data", "discarded", "group_attendee", "home", "collection"} {
			if n := countRows(t, s, table); n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		if letters, err := s.Letters(ctx, 8, "", "", 10); err != nil || len(letters) != 1 || letters[0].Owner != "grace" {
			t.Errorf("others' letters: %+v, %v", letters, err)
		}
		if news, _, err := s.ProfileNews(ctx, 0, 10); err != nil || len(news) != 1 || news[0].Digest != "" {
			t.Errorf("the change feed: %+v, %v", news, err)
		}
		if all, err := s.Holders(ctx); err != nil || slices.Contains(all, "ada-guid") {
			t.Errorf("holders afterwards: %q, %v", all, err)
		}
	})
}

// mustAsk asks that somebody be erased.
func mustAsk(t *testing.T, s *Store, owner string) (asked []string) {
	t.Helper()
	mustWrite(t, s, func(tx *Tx) (err error) {
		asked, err = tx.AskErasing([]string{owner}, "admin", false)
		return err
	})
	return asked
}

func TestWhoComesBackIsNotErased(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		newHome(t, s, "ada")
		newHome(t, s, "grace")
		left := time.Now().Add(-time.Hour).Truncate(time.Second)
		note := func(gone []Departed, back ...string) {
			t.Helper()
			if err := s.NoteDeparted(ctx, gone, func(owner string) bool { return slices.Contains(back, owner) }); err != nil {
				t.Fatal(err)
			}
		}
		note([]Departed{{Owner: "ada", Name: "ada", Since: left}, {Owner: "grace", Name: "grace", Since: left}})
		note([]Departed{{Owner: "ada", Name: "other"}}) // a second time changes nothing
		var asked []string
		mustWrite(t, s, func(tx *Tx) (err error) {
			asked, err = tx.AskErasing([]string{"ada", "grace", "linus"}, "admin", true)
			return err
		})
		due, err := s.DepartedToErase(ctx)
		if err != nil || !slices.Equal(asked, []string{"ada", "grace"}) || len(due) != 2 || !due[0].CallOff || due[0].AskedBy != "admin" || !due[0].Since.Equal(left) || strings.Contains(due[0].Name+due[1].Name, "other") {
			t.Fatalf("asked %q, got %+v, %v", asked, due, err)
		}
		again := mustAsk(t, s, "ada")
		if len(again) != 0 {
			t.Errorf("asked a second time: %q", again)
		}
		if one, err := s.DepartedOne(ctx, "grace"); err != nil || one.Owner != "grace" || one.Calendars != due[1].Calendars || one.AskedBy != "admin" {
			t.Errorf("one of them: %+v, %v", one, err)
		}
		if n, err := s.CountDeparted(ctx); err != nil || n != 2 {
			t.Errorf("counted %d, %v", n, err)
		}
		if _, err := s.DepartedOne(ctx, "linus"); err != ErrNotFound {
			t.Errorf("nobody: %v", err)
		}
		note(nil, "ada")
		if err := s.WithdrawErasing(ctx, []string{"grace"}); err != nil {
			t.Fatal(err)
		}
		for _, owner := range []string{"ada", "grace"} {
			mustWrite(t, s, func(tx *Tx) error {
				still, err := tx.StillToErase(owner)
				if still {
					t.Errorf("%s is still to be erased", owner)
				}
				return err
			})
		}
		all, err := s.Departed(ctx)
		if err != nil || len(all) != 1 || all[0].Owner != "grace" || !all[0].Asked.IsZero() {
			t.Errorf("got %+v, %v", all, err)
		}
		mustAsk(t, s, "grace")
		if err := s.ErasingFailed(ctx, "grace", "the disk is full"); err != nil {
			t.Fatal(err)
		}
		if due, err := s.DepartedToErase(ctx); err != nil || len(due) != 1 || due[0].Problem != "the disk is full" {
			t.Errorf("after a failure: %+v, %v", due, err)
		}
	})
}
