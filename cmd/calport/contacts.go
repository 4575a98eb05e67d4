package main

import (
	"net/http"

	"calport/directory"
	"calport/server"
	"calport/server/caldav"
	"calport/server/contacts"
)

// ContactsConfig is the directory as an address book.
type ContactsConfig struct {
	Off    bool `toml:"off" comment:"No address book of the directory. It shows people no one whom access.visibility hides from them."`
	Photos bool `toml:"photos" comment:"Show the directory's photos (jpegPhoto, thumbnailPhoto). They are kept in memory: ten thousand photos of 20 KB are 200 MB."`
}

// attributes are those that the directory must keep for cards.
func (c *ContactsConfig) attributes() []string {
	if c.Off || !c.Photos {
		return nil
	}
	return contacts.PhotoAttributes
}

// addressBooks makes the handler of address books, and what their home is; nil where there are none.
func (h *house) addressBooks() (http.Handler, func(*directory.Principal) string, error) {
	if h.config.Contacts.Off {
		return nil, nil, nil
	}
	handler, err := contacts.New(contacts.Options{
		People: h.people.Snapshot, Visibility: h.visibility, IsAdmin: h.isAdmin, Viewer: caldav.Viewer, PrincipalHref: caldav.PrincipalHref,
		Organization: h.config.Profiles.Organization, Photos: h.config.Contacts.Photos, Log: h.log, RequestID: server.RequestID,
	})
	return handler, contacts.Home, err
}

// isAdmin says who has all rights on everything.
func (h *house) isAdmin(p *directory.Principal) bool {
	return h.access.Admin.Allows(h.people.Snapshot(), p)
}

// serves says who may use the calendar server.
func (h *house) serves(p *directory.Principal) bool {
	return h.access.Server.Allows(h.people.Snapshot(), p) || h.isAdmin(p)
}
