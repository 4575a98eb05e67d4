package signing_test

import (
	"fmt"
	"log"
	"time"

	"calport/signing"
)

func Example() {
	authority, err := signing.NewAuthority(signing.AuthorityConfig{Name: "Example Calendars"}, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	signed, err := authority.Signer().Sign([]byte("<plist/>"))
	if err != nil {
		log.Fatal(err)
	}
	v, err := signing.Verify(signed, authority.Pool(), time.Now())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(v.Findings) == 0, v.Signer.Subject.CommonName, v.Digest, string(v.Content))
	// Output: true Example Calendars Profiles SHA-256 <plist/>
}
