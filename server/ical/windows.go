package ical

// windowsZones maps names of Windows time zones, which Outlook and Exchange
// write as TZID, to IANA names.
var windowsZones = map[string]string{
	"W. Europe Standard Time": "Europe/Berlin",
}
