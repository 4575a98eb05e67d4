package store

import "time"

// SettingScope says whom a setting is for. The values are stored.
type SettingScope string

// The scopes, the later over the earlier.
const (
	Everyone SettingScope = "everyone"
	OfGroup  SettingScope = "group"
	OfPerson SettingScope = "person"
)

// Setting is one scope's settings as TOML text, which the store does not read.
type Setting struct {
	Scope    SettingScope
	Subject  string // GUID in lower case of the group or person; "" for Everyone
	Text     string // TOML
	Priority int    // among groups: the higher wins
	Revision int64  // of its last change; unique among all settings, rising
	Modified time.Time
}
