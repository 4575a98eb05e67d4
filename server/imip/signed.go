package imip

import (
	"bytes"
	netmail "net/mail"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-msgauth/dkim"
)

// maxSignatures bounds how many DKIM signatures of a mail are looked at.
const maxSignatures = 5

// signed checks that a mail is from whom it says: the domain of its one From has signed that and the content (RFC 6376),
// as DMARC wants it strictly (RFC 7489 section 3.1.1).
func (g *Gateway) signed(m *incoming, data []byte) error {
	from, err := netmail.ParseAddress(m.header.Get("From"))
	if err != nil || m.header.FieldsByKey("From").Len() != 1 {
		return setAside("it does not say from whom it is")
	}
	_, domain, _ := strings.Cut(strings.ToLower(from.Address), "@")
	all, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: g.LookupTXT, MaxVerifications: maxSignatures})
	for _, v := range all {
		signsFrom := slices.ContainsFunc(v.HeaderKeys, func(key string) bool { return strings.EqualFold(key, "From") })
		if v.Err == nil && signsFrom && strings.EqualFold(v.Domain, domain) && (v.Expiration.IsZero() || v.Expiration.After(g.Now())) {
			return nil
		}
	}
	if err != nil && len(all) == 0 {
		return setAside("its signatures cannot be checked: %v", err)
	}
	return setAside("%s has not signed it (DKIM)", domain)
}

// addressesOf are the mail addresses in header fields, in lower case.
func addressesOf(h message.Header, fields ...string) map[string]bool {
	all := map[string]bool{}
	for _, name := range fields {
		values := h.FieldsByKey(name)
		for values.Next() {
			list, err := netmail.ParseAddressList(values.Value())
			if err != nil {
				all[strings.ToLower(strings.Trim(values.Value(), "<> \t"))] = true
			}
			for _, a := range list {
				all[strings.ToLower(a.Address)] = true
			}
		}
	}
	return all
}
