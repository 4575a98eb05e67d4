package caldav

import (
	"net/http"
	"strconv"
	"time"

	"calport/server/dav"
	"calport/server/store"
)

// Getters and setters of the properties of WebDAV and of access control.

func getStored(w *dav.Writer, asked *dav.Element, r *resource) error {
	xml, ok := r.stored(asked.Name)
	if !ok {
		return dav.ErrNoProperty
	}
	w.Raw(xml)
	return nil
}

// keep makes the setter of a property whose value is the client's own affair.
func keep(name dav.Name) func(*resource, *dav.Element) error {
	return func(r *resource, value *dav.Element) error { return r.keep(name, value) }
}

// dates are when the resource was made and last changed.
func (r *resource) dates() (created, modified time.Time) {
	switch {
	case r.kind == home:
		modified = r.home.Created
		for _, c := range r.home.Collections {
			if c.Modified.After(modified) {
				modified = c.Modified
			}
		}
		return r.home.Created, modified
	case r.item != nil:
		return r.item.Created, r.item.Modified
	case r.collection != nil:
		return r.collection.Created, r.collection.Modified
	}
	return
}

func getCreationDate(w *dav.Writer, _ *dav.Element, r *resource) error {
	created, _ := r.dates()
	w.TextElement(dav.CreationDate, created.UTC().Format(time.RFC3339)) // RFC 4918 section 15.1
	return nil
}

func getLastModified(w *dav.Writer, _ *dav.Element, r *resource) error {
	_, modified := r.dates()
	w.TextElement(dav.GetLastModified, modified.UTC().Format(http.TimeFormat))
	return nil
}

func getFullName(w *dav.Writer, _ *dav.Element, r *resource) error {
	name := r.whose.FullName
	switch r.kind {
	case proxyRead, proxyWrite:
		name = r.loc.collection
	}
	w.TextElement(dav.DisplayName, name)
	return nil
}

func getHomeName(w *dav.Writer, asked *dav.Element, r *resource) error {
	if getStored(w, asked, r) != nil {
		w.TextElement(dav.DisplayName, r.whose.FullName)
	}
	return nil
}

func getContentLength(w *dav.Writer, _ *dav.Element, r *resource) error {
	var size int64
	if r.item != nil {
		size = r.item.Size
	}
	w.TextElement(dav.GetContentLength, strconv.FormatInt(size, 10))
	return nil
}

// contentType is the media type of what is in a home. There is no component parameter: Apple's own tests compare the whole value.
func contentType(kind dav.Kind) string {
	switch {
	case kind == notice:
		return "application/xml;charset=utf-8"
	case kind&(home|collections) != 0:
		return "httpd/unix-directory" // never a media type that clients could take for an event's
	}
	return "text/calendar;charset=utf-8"
}

func getContentType(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.GetContentType, contentType(r.kind))
	return nil
}

func getETag(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TagElement(dav.GetETag, r.etag())
	return nil
}

func getResourceType(w *dav.Writer, _ *dav.Element, r *resource) error {
	types := typesOf(r.kind)
	if len(types) == 0 {
		w.Empty(dav.ResourceType)
		return nil
	}
	w.Start(dav.ResourceType)
	for _, name := range types {
		w.Empty(name)
	}
	w.End(dav.ResourceType)
	return nil
}

// makeResourceType decides what MKCOL and MKCALENDAR make: a calendar or a subscription (RFC 5689 section 3.3).
func makeResourceType(r *resource, value *dav.Element) error {
	if value == nil {
		return dav.Forbidden(dav.CannotModifyProtectedProperty)
	}
	if value.Child(dav.Collection) == nil {
		return dav.Forbidden(dav.ValidResourceType)
	}
	for _, child := range value.Children {
		switch child.Name {
		case dav.Collection:
		case dav.CalendarCollection:
			r.making.Kind = store.Calendar
		case dav.Subscribed:
			r.making.Kind = store.Subscription
		default:
			return dav.Forbidden(dav.ValidResourceType)
		}
	}
	if r.making.Kind == 0 {
		return dav.Forbidden(dav.ValidResourceType) // a plain collection has no place in a calendar home
	}
	return nil
}

func getSupportedReportSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.SupportedReportSet)
	for i := range r.reports {
		if r.reports[i].on&r.kind == 0 {
			continue
		}
		w.Start(dav.SupportedReport)
		w.Start(dav.Report)
		w.Empty(r.reports[i].name)
		w.End(dav.Report)
		w.End(dav.SupportedReport)
	}
	w.End(dav.SupportedReportSet)
	return nil
}

// getOwner says whose it is: clients tell "mine" from "others'" by it (RFC 3744 section 5.1).
func getOwner(w *dav.Writer, _ *dav.Element, r *resource) error {
	writeHref(w, dav.Owner, principalHref(r.whose))
	return nil
}

// getSupportedPrivilegeSet lists the privileges that somebody can hold here: what the tables ask for on this kind.
func getSupportedPrivilegeSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.SupportedPrivilegeSetProperty)
	w.SupportedPrivileges(allowed[administrator][r.kind])
	w.End(dav.SupportedPrivilegeSetProperty)
	return nil
}

func getCurrentUserPrivilegeSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	if err := r.require(dav.ReadCurrentUserPrivilegeSet); err != nil { // RFC 3744 section 5.5
		return err
	}
	w.Start(dav.CurrentUserPrivilegeSet)
	w.Privileges(r.privileges())
	w.End(dav.CurrentUserPrivilegeSet)
	return nil
}

func getPrincipalCollectionSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	writeHref(w, dav.PrincipalCollectionSet, principalsHref)
	return nil
}

func getCurrentUserPrincipal(w *dav.Writer, _ *dav.Element, r *resource) error {
	writeHref(w, dav.CurrentUserPrincipal, principalHref(r.who))
	return nil
}

func getResourceID(w *dav.Writer, _ *dav.Element, r *resource) error {
	id := urn(r.whose)
	if r.collection != nil {
		id = "urn:uuid:" + r.collection.ResourceID
	}
	writeHref(w, dav.ResourceID, id)
	return nil
}

// Quotas count attachments, as in Apple's server; there are none yet.
func getQuotaAvailable(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.QuotaAvailableBytes, strconv.FormatInt(r.limits.AttachmentQuota, 10))
	return nil
}

func getQuotaUsed(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.TextElement(dav.QuotaUsedBytes, "0")
	return nil
}

// writeHref writes a property that is made of one href.
func writeHref(w *dav.Writer, name dav.Name, href string) { writeHrefs(w, name, href) }

func writeHrefs(w *dav.Writer, name dav.Name, hrefs ...string) {
	if len(hrefs) == 0 {
		w.Empty(name)
		return
	}
	w.Start(name)
	for _, href := range hrefs {
		w.Href(href)
	}
	w.End(name)
}
