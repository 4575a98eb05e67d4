package web

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"calport/signing"
)

// ErrNoUploads: the configuration does not let the signer be changed here.
var ErrNoUploads = errors.New("the signer comes from elsewhere")

// signingPath is the page about who signs profiles.
const (
	signingPath       = adminPath + "signing"
	signingUploadPath = signingPath + "/upload"
	signingUsePath    = signingPath + "/use"
	signingRenewPath  = signingPath + "/renew"
	signingOwnPath    = signingPath + "/own"
	signingRootPEM    = signingPath + "/root.pem"
	signingRootDER    = signingPath + "/root.cer"
)

// signingView is who signs profiles, and since when.
type signingView struct {
	Now       signerView
	Source    SignerSource
	Root      bool // we have an authority of our own
	Counts    []signedCount
	Candidate *candidateView // handed in and not yet in force; nil: nothing
	Wrong     english        // what is wrong with what was handed in
	Detail    string         // the same in particular, in English: it names blocks, certificates and commands
	Done      string
	MaxKB     int
}

// signerView is an identity in words.
type signerView struct {
	Chain       []certificateView // leaf first
	Key         string
	Fingerprint string
	NotAfter    time.Time // of the first of the chain that ends
	Warning     english   // how near that is; empty: far
	Days        int       // until then
}

type certificateView struct {
	Subject, Issuer     string
	NotBefore, NotAfter time.Time
}

// candidateView says what an identity would change.
type candidateView struct {
	signerView
	SameKey, SameIssuer, Same bool
	Profiles                  int64 // kept ones that others signed and that are signed anew
}

// signedCount is how many kept profiles one signer has signed.
type signedCount struct {
	Fingerprint string
	Count       int64
	Now         bool
}

// secretSigner is the name under which a session keeps what was handed in, and candidateFor for how long.
const (
	secretSigner = "signer"
	candidateFor = 10 * time.Minute
)

func describeSigner(id *signing.Identity, now time.Time) signerView {
	w := id.Warning(now)
	v := signerView{Key: id.KeyWords(), Fingerprint: id.Fingerprint(), NotAfter: id.NotAfter(), Days: w.Days}
	switch w.Level {
	case signing.Expired:
		v.Warning = "It has expired: devices show profiles as not verified."
	case signing.Urgent, signing.Soon, signing.Notice:
		v.Warning = "It ends in %d days. Renew it with the same key before that."
	}
	for _, c := range id.Chain() {
		v.Chain = append(v.Chain, certificateView{c.Subject.String(), c.Issuer.String(), c.NotBefore, c.NotAfter})
	}
	return v
}

func (s *site) signingPage(w http.ResponseWriter, r *http.Request) error {
	return s.showSigning(w, r, http.StatusOK, signingView{Done: r.URL.Query().Get("done")}, nil)
}

// showSigning shows the page, with an identity that was handed in if there is one.
func (s *site) showSigning(w http.ResponseWriter, r *http.Request, status int, view signingView, candidate *signing.Identity) error {
	now, current := s.o.Now(), s.o.Signing.Signer()
	var err error
	if view.Source, err = s.o.Signing.Source(r.Context()); err != nil {
		return err
	}
	counts, err := s.o.Signing.Counts(r.Context())
	if err != nil {
		return err
	}
	view.Now, view.Root, view.MaxKB = describeSigner(current, now), len(s.o.Signing.Root()) > 0, signing.MaxUpload>>10
	var others int64
	for _, fingerprint := range slices.Sorted(maps.Keys(counts)) {
		view.Counts = append(view.Counts, signedCount{fingerprint, counts[fingerprint], fingerprint == current.Fingerprint()})
		if candidate != nil && fingerprint != candidate.Fingerprint() {
			others += counts[fingerprint]
		}
	}
	if candidate != nil {
		view.Candidate = &candidateView{
			signerView: describeSigner(candidate, now), SameKey: candidate.SameKey(current), SameIssuer: candidate.SameIssuer(current),
			Same: candidate.Fingerprint() == current.Fingerprint(), Profiles: others,
		}
	}
	return s.render(w, r, status, "admin-signing", "Signing", view)
}

// uploadSigner reads an identity, and says what it would change. It is kept, sealed, until it is put into force.
func (s *site) uploadSigner(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, signing.MaxUpload+maxForm)
	file, password, err := readUpload(r)
	if err != nil {
		return err
	}
	id, err := signing.ParseUpload(s.o.Now(), file, password, s.o.Signing.Signer())
	if err != nil {
		return s.showSigning(w, r, http.StatusUnprocessableEntity, signingView{Wrong: uploadWords(err), Detail: err.Error()}, nil)
	}
	text, err := id.PEM()
	if err == nil {
		err = s.sessions.keep(r.Context(), secretSigner, string(text), s.o.Now().Add(candidateFor))
	}
	if err != nil {
		return err
	}
	return s.showSigning(w, r, http.StatusOK, signingView{}, id)
}

// uploadFaults are what is wrong with a file that was handed in, in words. The first row that fits is taken.
var uploadFaults = []struct {
	err   error
	words english
}{
	{signing.ErrTooLarge, "The file is too large."},
	{signing.ErrPassword, "The password does not open the file."},
	{signing.ErrEncryptedKey, "The private key in the file is encrypted. Decrypt it first."},
	{signing.ErrNoCertificate, "There is no certificate in the file."},
	{signing.ErrNoKey, "There is no private key in the file."},
	{signing.ErrKeyMismatch, "The private key belongs to none of the certificates in the file."},
	{signing.ErrUnsupportedKey, "The key is of a kind that devices do not take. Use RSA of 2048 bits or more, or ECDSA P-256."},
	{signing.ErrChain, "The certificates do not form a chain: one does not belong there, or an intermediate certificate is missing."},
	{signing.ErrExpired, "A certificate in the file has expired."},
	{signing.ErrNotYetValid, "A certificate in the file is not valid yet. If it should be, check the clock of the server."},
	{nil, "The file is neither PEM nor PKCS#12, or it is damaged."},
}

func uploadWords(err error) english {
	for _, f := range uploadFaults {
		if f.err == nil || errors.Is(err, f.err) {
			return f.words
		}
	}
	return ""
}

// readUpload reads the one file of a form, and the password beside it. Nothing is written to disk.
func readUpload(r *http.Request) (file signing.File, password string, err error) {
	noForm := &problem{Status: http.StatusBadRequest, Title: "The form could not be read", Reason: "form",
		Detail: "What was sent is not what the form of this page sends. Go back and try again."}
	parts, err := r.MultipartReader()
	if err != nil {
		return file, "", noForm
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return file, password, nil
		}
		if err != nil {
			return file, "", uploadError(err, noForm)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return file, "", uploadError(err, noForm)
		}
		switch part.FormName() {
		case "file":
			file = signing.File{Name: "the file", Data: data}
		case "password":
			password = string(data)
		}
	}
}

// uploadError tells a form that is too large from one that is broken.
func uploadError(err error, broken *problem) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return broken
}

// useSigner puts what was handed in into force.
func (s *site) useSigner(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	text, err := s.sessions.kept(r.Context(), secretSigner)
	if err != nil {
		return err
	}
	gone := &problem{Status: http.StatusGone, Title: "Please hand the file in again", Reason: "signer-gone",
		Detail: "It is kept for 10 minutes only, in the browser that sent it. Nothing has been changed."}
	if text == "" {
		return gone
	}
	id, err := signing.ParsePEM(s.o.Now(), signing.File{Name: "the file", Data: []byte(text)})
	if err != nil || id.Fingerprint() != r.PostForm.Get("fingerprint") {
		return gone
	}
	old := s.o.Signing.Signer()
	detail := fmt.Sprintf("%s (%s) in place of %s; same key: %v", id.Fingerprint(), id.KeyWords(), old.Fingerprint(), id.SameKey(old))
	return s.signingDone(w, r, s.o.Signing.Use(r.Context(), id, s.deed(r, "signing.use", id.Leaf().Subject.String(), detail)), "used")
}

func (s *site) useOwnSigner(w http.ResponseWriter, r *http.Request) error {
	return s.signingDone(w, r, s.o.Signing.UseOwn(r.Context(), s.deed(r, "signing.own", "", "in place of "+s.o.Signing.Signer().Fingerprint())), "own")
}

func (s *site) renewSigner(w http.ResponseWriter, r *http.Request) error {
	return s.signingDone(w, r, s.o.Signing.Renew(r.Context(), s.deed(r, "signing.renew", "", "in place of "+s.o.Signing.Signer().Fingerprint())), "renewed")
}

// signingDone answers a change of the signer. What was handed in is forgotten.
func (s *site) signingDone(w http.ResponseWriter, r *http.Request, err error, done string) error {
	if errors.Is(err, ErrNoUploads) {
		return &problem{Status: http.StatusConflict, Title: "The signer cannot be changed here", Reason: "signer-elsewhere",
			Detail: "The configuration names the files that it comes from, or there are several nodes without a key to share secrets by (secrets.key_file). Change it there."}
	}
	if err == nil {
		err = s.sessions.keep(r.Context(), secretSigner, "", time.Time{})
	}
	if err != nil {
		return err
	}
	return redirect(w, signingPath+"?done="+done)
}

// rootPEM and rootDER hand out our own authority's certificate.
func (s *site) rootPEM(w http.ResponseWriter, r *http.Request) error {
	return s.handRoot(w, r, "application/x-pem-file", "root.pem", func(id []byte) []byte { return id })
}

func (s *site) rootDER(w http.ResponseWriter, r *http.Request) error {
	return s.handRoot(w, r, "application/x-x509-ca-cert", "root.cer", pemContent)
}
