package signin

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

// An app password is 26 random letters and digits, of 130 bits, and two that check them. So a password can be told to
// be one of ours without being looked up; what has the form is never sent to the directory, whose lock-out would count
// it when a device repeats one that has been revoked.
const (
	secretLength = 26
	formLength   = secretLength + 2
)

const secretAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// NewAppPassword makes an app password. It has neither ":" nor anything that a plist or a URL would have to escape.
func NewAppPassword() string {
	secret := strings.ToLower(rand.Text())
	return secret + check(secret)
}

// check is the last two characters: ten bits of a CRC.
func check(secret string) string {
	sum := crc32.ChecksumIEEE([]byte(secret))
	return string([]byte{secretAlphabet[sum&31], secretAlphabet[sum>>5&31]})
}

// AppPasswordForm is the password as it was made if it has the form of an app password: people may type capitals, and
// spaces or hyphens between groups.
func AppPasswordForm(password string) (secret string, ok bool) {
	if len(password) < formLength || len(password) > 2*formLength {
		return "", false
	}
	if len(password) > formLength || strings.ContainsFunc(password, isUpper) {
		password = strings.ToLower(ungroup.Replace(password))
	}
	if len(password) != formLength || strings.ContainsFunc(password, notInAlphabet) {
		return "", false
	}
	return password, check(password[:secretLength]) == password[secretLength:]
}

var ungroup = strings.NewReplacer(" ", "", "-", "")

func notInAlphabet(r rune) bool { return !('a' <= r && r <= 'z' || '2' <= r && r <= '7') }

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
