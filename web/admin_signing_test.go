package web

import (
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"calport/directory/demo"
	"calport/signing"
)

// memorySigning keeps what is handed in in memory; the real one is that of package cmd.
type memorySigning struct {
	mu        sync.Mutex
	authority *signing.Authority
	uploaded  *signing.Identity
	audit     Audit
	elsewhere bool
}

func (m *memorySigning) Signer() *signing.Identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.uploaded != nil {
		return m.uploaded
	}
	return m.authority.Signer()
}

func (m *memorySigning) Source(context.Context) (SignerSource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.elsewhere:
		return FileSigner, nil
	case m.uploaded != nil:
		return UploadedSigner, nil
	}
	return OwnSigner, nil
}

func (m *memorySigning) Root() []byte { return m.authority.RootPEM() }

func (m *memorySigning) Counts(context.Context) (map[string]int64, error) {
	return map[string]int64{m.authority.Signer().Fingerprint(): 42}, nil
}

func (m *memorySigning) set(ctx context.Context, id *signing.Identity, d Deed) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.elsewhere {
		return ErrNoUploads
	}
	m.uploaded = id
	return m.audit.Note(ctx, d)
}

func (m *memorySigning) Use(ctx context.Context, id *signing.Identity, d Deed) error {
	return m.set(ctx, id, d)
}
func (m *memorySigning) UseOwn(ctx context.Context, d Deed) error { return m.set(ctx, nil, d) }

func (m *memorySigning) Renew(ctx context.Context, d Deed) error {
	if _, err := m.authority.RenewSigner(time.Now()); err != nil {
		return err
	}
	return m.set(ctx, nil, d)
}

// handIn sends a file as a browser does.
func (b *client) handIn(name string, content []byte, password string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err == nil {
		err = form.WriteField("password", password)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	form.Close()
	return b.do(http.MethodPost, signingUploadPath, &body, "Content-Type", form.FormDataContentType())
}

func newIdentity(t testing.TB, name string) (*signing.Authority, []byte) {
	t.Helper()
	a, err := signing.NewAuthority(signing.AuthorityConfig{Name: name}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.Signer().PEM()
	if err != nil {
		t.Fatal(err)
	}
	return a, text
}

func TestAdministratorsHandAnotherSignerIn(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	before := h.authority.Signer().Fingerprint()
	b.get(signingPath).wants(t, http.StatusOK).says(t, before, "ECDSA P-256", "the certificate authority of this server", "42")
	other, text := newIdentity(t, "Another Root")
	key := string(text[bytes.Index(text, []byte("-----BEGIN PRIVATE KEY-----"))+28:][:40])
	b.handIn("id.pem", text, "").wants(t, http.StatusOK).says(t, "It has another key", "People may have to remove the old profile", "It comes from another authority", other.Signer().Fingerprint(), "42 kept profiles").silent(t, key)
	if h.signer.Signer().Fingerprint() != before {
		t.Fatal("looking at it has put it into force")
	}
	b.post(signingUsePath, url.Values{"fingerprint": {before}}).wants(t, http.StatusGone)
	h.browser(t).signIn(demo.Admin).post(signingUsePath, url.Values{"fingerprint": {other.Signer().Fingerprint()}}).wants(t, http.StatusGone)
	b.post(signingUsePath, url.Values{"fingerprint": {other.Signer().Fingerprint()}}).wants(t, http.StatusSeeOther).header(t, "Location", signingPath+"?done=used")
	if d := h.audited(t, "signing.use"); !strings.Contains(d.Detail, before) || strings.Contains(d.Detail, key) {
		t.Errorf("the record says %+v", d)
	}
	if _, err := signing.Verify([]byte(b.get(calendarProfilePath).body), other.Pool(), time.Now()); err != nil {
		t.Errorf("profiles are signed by another: %v", err)
	}
	b.post(signingUsePath, url.Values{"fingerprint": {other.Signer().Fingerprint()}}).wants(t, http.StatusGone)
	b.get(signingPath).says(t, "An administrator has handed it in", "own authority sign")

	renewed, err := other.RenewSigner(time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	certificates, err := renewed.PEM()
	if err != nil {
		t.Fatal(err)
	}
	certificates = certificates[:bytes.Index(certificates, []byte("-----BEGIN PRIVATE KEY"))]
	b.handIn("renewed.pem", certificates, "").wants(t, http.StatusOK).says(t, "a renewal with the same key", renewed.Fingerprint()).silent(t, "It has another key")
	b.post(signingOwnPath, nil).wants(t, http.StatusSeeOther)
	if h.signer.Signer().Fingerprint() != before {
		t.Error("our own authority does not sign again")
	}
	b.post(signingRenewPath, nil).wants(t, http.StatusSeeOther)
	if h.signer.Signer().Fingerprint() == before {
		t.Error("the signer has not been renewed")
	}
	if strings.Contains(h.log.String(), key) {
		t.Error("the key is in the log")
	}
}

func TestHostileUploadsChangeNothing(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	_, text := newIdentity(t, "Another Root")
	for _, content := range map[string][]byte{
		"nothing": nil, "noise": bytes.Repeat([]byte{0x30, 0x80}, 20000), "cut off": text[:200], "a page": []byte("<script>alert(1)</script>"),
		"no key": text[:bytes.Index(text, []byte("-----BEGIN PRIVATE KEY"))],
	} {
		b.handIn(`"><script>alert(1)</script>.pem`, content, "x").wants(t, http.StatusUnprocessableEntity).says(t, "The file cannot be used").silent(t, "<script>alert")
	}
	b.handIn("big", make([]byte, signing.MaxUpload+2*maxForm), "").wants(t, http.StatusRequestEntityTooLarge)
	b.post(signingUploadPath, url.Values{"file": {"x"}}).wants(t, http.StatusBadRequest)
	b.do(http.MethodPost, signingUploadPath, io.LimitReader(strings.NewReader("--x\r\n"), 5), "Content-Type", "multipart/form-data; boundary=x").wants(t, http.StatusUnprocessableEntity)
	h.signer.elsewhere = true
	b.get(signingPath).says(t, "files that the configuration names").silent(t, `type="file"`)
	b.post(signingRenewPath, nil).wants(t, http.StatusConflict)
	b.post(signingOwnPath, nil).wants(t, http.StatusConflict)
}

func TestTheRootCanBeHad(t *testing.T) {
	h := build(t, plan{})
	b := h.browser(t).signIn(demo.Admin)
	a := b.get(signingRootPEM).wants(t, http.StatusOK).header(t, "Content-Disposition", attachment("root.pem"))
	block, _ := pem.Decode([]byte(a.body))
	if block == nil || !bytes.Equal(block.Bytes, h.authority.RootDER()) {
		t.Errorf("got %q", a.body)
	}
	if der := b.get(signingRootDER).wants(t, http.StatusOK).header(t, "Content-Type", "application/x-x509-ca-cert"); der.body != string(h.authority.RootDER()) {
		t.Error("the DER is another certificate")
	}
}

func TestTheEndOfASignerIsWarnedOf(t *testing.T) {
	id, end := func() (*signing.Identity, time.Time) {
		a, _ := newIdentity(t, "Root")
		return a.Signer(), a.Signer().NotAfter()
	}()
	for days, want := range map[int]bool{61: false, 59: true, 29: true, 13: true, -1: true} {
		if got := describeSigner(id, end.Add(-time.Duration(days)*24*time.Hour)).Warning != ""; got != want {
			t.Errorf("%d days before: %v", days, got)
		}
	}
}
