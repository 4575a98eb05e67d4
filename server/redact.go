package server

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"calport/directory/signin"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// credentialFields are the fields of a header that are credentials wholly.
var credentialFields = map[string]bool{
	"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "Set-Cookie": true, "X-Forwarded-Authorization": true,
	"Authentication-Info": true, "X-Api-Key": true, "X-Auth-Token": true,
}

// redactField is the value of a field without credentials. Of Basic credentials (RFC 7617) the name stays: with which
// of their names somebody signs in matters when one looks for a fault.
func redactField(name, value string) string {
	if !credentialFields[http.CanonicalHeaderKey(name)] {
		return value
	}
	scheme, _, found := strings.Cut(value, " ")
	if !found || !strings.HasSuffix(http.CanonicalHeaderKey(name), "Authorization") {
		return redacted
	}
	if login, _, err := basic(&http.Request{Header: http.Header{"Authorization": {value}}}); err == nil {
		return fmt.Sprintf("%s %s for %q", scheme, redacted, login)
	}
	return scheme + " " + redacted
}

// What secrets of ours look like wherever they stand: app passwords, as they are made and as people type them; values
// of parameters of links and forms; tokens of the payload source; the secret of a push subscription.
var (
	appPasswordForm = regexp.MustCompile(`[A-Za-z2-7]{28}|[A-Za-z2-7]{4}(?:[ -][A-Za-z2-7]{4}){6}`)
	parameterForm   = regexp.MustCompile(`(?im)((?:^|[?&;])(?:key|token|password|secret)=)[\w%.~+/-]{6,}`)
	tokenForm       = regexp.MustCompile(`calport_\w{8,}`)
	pushSecretForm  = regexp.MustCompile(`(<[^<>]*auth-secret[^<>]*>)[^<]+`)
)

// redact takes our secrets out of a text.
func redact(text string) string {
	text = appPasswordForm.ReplaceAllStringFunc(text, func(s string) string {
		if _, ok := signin.AppPasswordForm(s); ok {
			return redacted
		}
		return s
	})
	text = parameterForm.ReplaceAllString(text, "${1}"+redacted)
	text = tokenForm.ReplaceAllString(text, redacted)
	return pushSecretForm.ReplaceAllString(text, "${1}"+redacted)
}
