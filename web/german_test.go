package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/directory/signin"
	"calport/server/imip/imiptest"
)

// TestGermanPagesSayInGermanWhatWentWrong: also what was found out elsewhere than on the page.
func TestGermanPagesSayInGermanWhatWentWrong(t *testing.T) {
	h := furnished(t, signin.AppPasswordsOffered)
	b := h.browser(t).signIn(demo.Admin)
	b.post(languagePath, url.Values{"language": {"de"}}).wants(t, http.StatusSeeOther)
	b.get(principalPath(h.person(t, "ada"))).wants(t, http.StatusOK).says(t, "falsches Passwort · vor 2 Stunden", "ein App-Passwort, das widerrufen oder abgelaufen ist",
		"Mit dem App-Passwort „iPhone“.", "<td>nie</td>").silent(t, "wrong-password", "app-password-ended", "never")
	b.get(principalPath(h.aRoom())).wants(t, http.StatusOK).says(t, "Sagt zu, wenn er frei ist, und ab, wenn er belegt ist").silent(t, "automatic")
	b.get(principalPath(h.person(t, "ada"))+"/inside").wants(t, http.StatusOK).says(t, "jedes Gerät", "<dd>ja</dd>").silent(t, "<dd>yes</dd>")
	b.get(healthPath).wants(t, http.StatusOK).says(t, "Änderungen kommen über syncrepl, zuletzt gehört vor 3s; alles gelesen vor 1h0m0s.", "bis 2026-12-01, noch 1 Tag").
		silent(t, "Changes arrive", "days")
	b.handIn("id.pem", []byte("-----BEGIN CERTIFICATE-----\n"), "").wants(t, http.StatusUnprocessableEntity).says(t, "Die Datei ist weder PEM noch PKCS#12, oder sie ist beschädigt.",
		`Einzelheiten: <span lang="en">the file: malformed`)
}

func TestLettersThatFailSayWhyInTheReadersLanguage(t *testing.T) {
	h, _ := withMail(t, openPostOffice(t, &imiptest.SMTP{}))
	owner, maker := ownerOf(h.person(t, "ada")), ownerOf(h.person(t, demo.Admin))
	e, err := h.options.Enrolments.Enrol(t.Context(), Deed{Actor: maker}, Enrolment{Whom: "all", ByMail: true, Valid: time.Hour}, []Letter{
		{Owner: owner, State: LetterFailed, Problem: "550 5.1.1 100% unknown"}, {Owner: maker, State: LetterFailed, Problem: errNoAddress.Error()},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := h.browser(t).signIn(demo.Admin)
	b.get(enrolmentAddress(e.ID)).says(t, "The person has no mail address.", "The mail could not be sent: 550 5.1.1 100% unknown")
	b.post(languagePath, url.Values{"language": {"de"}}).wants(t, http.StatusSeeOther)
	b.get(enrolmentAddress(e.ID)).says(t, "Die Person hat keine E-Mail-Adresse.", "Die E-Mail ließ sich nicht senden: 550 5.1.1 100% unknown").silent(t, "no mail address")
}
