package web

import (
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net/http"

	"calport/signing"
)

// encryptProfile gives one person's profile with its payloads encrypted for the device whose certificate is sent. With
// a device named there is an app password inside, which needs the scope secrets as ever.
func (s *site) encryptProfile(w http.ResponseWriter, r *http.Request, t Token) error {
	want, err := s.wantedFile(r, t)
	if err != nil {
		return err
	}
	recipient, err := s.recipient(w, r)
	if err != nil {
		return err
	}
	profile, err := s.calendarOf(r.Context(), want.renderer, want.people, want.person, want.platform, false)
	if err != nil {
		return err
	}
	if q := r.URL.Query(); q.Has("device") {
		device, err := deviceOfQuery(q)
		if err != nil {
			return err
		}
		if err := t.needs(ScopeSecrets); err != nil {
			return err
		}
		if profile, err = s.deviceProfile(r, want, device, false); err != nil {
			return err
		}
	}
	if profile.Profile.HasSecret() {
		if err := t.needs(ScopeSecrets); err != nil { // whoever holds the certificate's key may be anybody
			return err
		}
	}
	sealed, err := want.renderer.Generator.Encrypted(profile.Profile, func(payloads []byte) ([]byte, error) { return signing.Encrypt(payloads, recipient) })
	if err != nil {
		return err
	}
	content := sealed.Bytes()
	if want.signed {
		if content, err = want.renderer.Signer.Sign(content); err != nil {
			return err
		}
	}
	giveOnce(w, want, http.StatusOK, content)
	return nil
}

// recipient reads the certificate that was sent.
func (s *site) recipient(w http.ResponseWriter, r *http.Request) (*x509.Certificate, error) {
	switch kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case err != nil, kind != string(derType) && kind != string(pemType):
		return nil, &problem{Status: http.StatusUnsupportedMediaType, Title: "A certificate is needed", Reason: "media-type",
			Detail: "Send the device's certificate, DER as %s or PEM as %s.", Args: []any{string(derType), string(pemType)},
			Header: http.Header{"Accept": {string(derType) + ", " + string(pemType)}}} // RFC 9110 section 15.5.16
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, signing.MaxRecipient))
	if err != nil {
		return nil, err
	}
	cert, err := signing.ParseRecipient(data, s.o.Now())
	if err == nil {
		return cert, nil
	}
	reason := "certificate"
	if errors.Is(err, signing.ErrUnsupportedKey) {
		reason = "certificate-key"
	}
	return nil, &problem{Status: http.StatusUnprocessableEntity, Title: "The certificate cannot be used", Reason: reason,
		Detail: "The profile cannot be encrypted for it: %s.", Args: []any{err.Error()}}
}
