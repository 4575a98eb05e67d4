package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// deviceCookie tells a device apart from a person's others, so that it can be told that there is a newer profile, and a
// new app password takes the place of its old one. It opens nothing.
const deviceCookie = "__Host-calport-device"

// deviceFor is as long as browsers keep a cookie (RFC 6265bis section 5.5).
const deviceFor = 400 * 24 * time.Hour

const maxDeviceID = 64

// deviceID is the device that a request comes from, as the records know it; empty if it has none yet.
func deviceID(r *http.Request) string {
	cookie, err := r.Cookie(deviceCookie)
	if err != nil || cookie.Value == "" || len(cookie.Value) > maxDeviceID {
		return ""
	}
	return hashDevice(cookie.Value)
}

// identify gives the device a name to come back with, or keeps the one that it has for longer.
func identify(w http.ResponseWriter, r *http.Request) (id string) {
	value := strings.ToLower(rand.Text())
	if cookie, err := r.Cookie(deviceCookie); err == nil && deviceID(r) != "" {
		value = cookie.Value
	}
	http.SetCookie(w, &http.Cookie{
		Name: deviceCookie, Value: value, Path: "/", MaxAge: int(deviceFor / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return hashDevice(value)
}

func hashDevice(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:16])
}
