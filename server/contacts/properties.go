package contacts

import (
	"encoding/xml"

	"calport/server/dav"
)

// Names that no other package needs.
var (
	supportedAddressData = dav.Name{Space: dav.CardDAV, Local: "supported-address-data"}
	addressDataType      = dav.Name{Space: dav.CardDAV, Local: "address-data-type"}
	addressData          = dav.Name{Space: dav.CardDAV, Local: "address-data"}
	description          = dav.Name{Space: dav.CardDAV, Local: "addressbook-description"}
	maxResourceSize      = dav.Name{Space: dav.CardDAV, Local: "max-resource-size"}
	addressBookQuery     = dav.Name{Space: dav.CardDAV, Local: "addressbook-query"}
	addressBookMultiget  = dav.Name{Space: dav.CardDAV, Local: "addressbook-multiget"}
)

// properties lists every property of address books, with which PROPFIND is answered.
var properties = dav.Table[*resource]{
	// WebDAV, RFC 4918 section 15
	{Name: dav.DisplayName, On: home | book | card, All: true, Get: getDisplayName},
	{Name: dav.GetContentType, On: card, All: true, Get: getContentType},
	{Name: dav.GetETag, On: card, All: true, Get: getETag},
	{Name: dav.ResourceType, On: everything, All: true, Get: getResourceType},

	// RFC 3253 section 3.1.5, RFC 3744 section 5, RFC 5397
	{Name: dav.SupportedReportSet, On: everything, Get: getSupportedReportSet},
	{Name: dav.Owner, On: home | book | card, Get: getOwner},
	{Name: dav.SupportedPrivilegeSetProperty, On: everything, Get: getSupportedPrivilegeSet},
	{Name: dav.CurrentUserPrivilegeSet, On: everything, Get: getCurrentUserPrivilegeSet},
	{Name: dav.PrincipalCollectionSet, On: everything, Get: getPrincipalCollectionSet},
	{Name: dav.CurrentUserPrincipal, On: everything, Get: getCurrentUserPrincipal},

	// CardDAV, RFC 6352 section 6.2
	{Name: description, On: book, Get: getDescription},
	{Name: supportedAddressData, On: book, Get: getSupportedAddressData},
	{Name: maxResourceSize, On: book, Get: getMaxResourceSize},

	// Calendar Server
	{Name: dav.GetCTag, On: home | book, Get: getCTag},
}

func getDisplayName(w *dav.Writer, _ *dav.Element, r *resource) error {
	name := r.o.Name
	switch r.kind {
	case home:
		name = r.who.FullName
	case card:
		name = r.of.FullName
	}
	w.TextElement(dav.DisplayName, name)
	return nil
}

func getContentType(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.TextElement(dav.GetContentType, "text/vcard;charset=utf-8")
	return nil
}

func getETag(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TagElement(dav.GetETag, r.etag(r.of))
	return nil
}

func getResourceType(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.kind == card {
		w.Empty(dav.ResourceType)
		return nil
	}
	w.Start(dav.ResourceType)
	w.Empty(dav.Collection)
	if r.kind == book {
		w.Empty(dav.AddressBook)
	}
	w.End(dav.ResourceType)
	return nil
}

func getSupportedReportSet(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.Start(dav.SupportedReportSet)
	if r.kind == book {
		for _, name := range []dav.Name{addressBookQuery, addressBookMultiget} {
			w.Start(dav.SupportedReport)
			w.Start(dav.Report)
			w.Empty(name)
			w.End(dav.Report)
			w.End(dav.SupportedReport)
		}
	}
	w.End(dav.SupportedReportSet)
	return nil
}

func getOwner(w *dav.Writer, _ *dav.Element, r *resource) error {
	return writeHref(w, dav.Owner, r.o.PrincipalHref(r.who))
}

// may is what everybody may do with his own address book.
const may = dav.Read | dav.ReadCurrentUserPrivilegeSet

func getSupportedPrivilegeSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.SupportedPrivilegeSetProperty)
	w.SupportedPrivileges(may)
	w.End(dav.SupportedPrivilegeSetProperty)
	return nil
}

func getCurrentUserPrivilegeSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(dav.CurrentUserPrivilegeSet)
	w.Privileges(may)
	w.End(dav.CurrentUserPrivilegeSet)
	return nil
}

func getPrincipalCollectionSet(w *dav.Writer, _ *dav.Element, _ *resource) error {
	return writeHref(w, dav.PrincipalCollectionSet, "/principals/")
}

func getCurrentUserPrincipal(w *dav.Writer, _ *dav.Element, r *resource) error {
	return writeHref(w, dav.CurrentUserPrincipal, r.o.PrincipalHref(r.who))
}

func writeHref(w *dav.Writer, name dav.Name, href string) error {
	w.Start(name)
	w.Href(href)
	w.End(name)
	return nil
}

func getDescription(w *dav.Writer, _ *dav.Element, r *resource) error {
	if r.o.Organization == "" {
		return dav.ErrNoProperty
	}
	w.TextElement(description, r.o.Organization)
	return nil
}

func getSupportedAddressData(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.Start(supportedAddressData)
	w.Element(&dav.Element{Name: addressDataType, Attr: []xml.Attr{
		{Name: xml.Name{Local: "content-type"}, Value: "text/vcard"}, {Name: xml.Name{Local: "version"}, Value: version},
	}})
	w.End(supportedAddressData)
	return nil
}

// getMaxResourceSize says how large a card may be; none can be stored, so it bounds what clients must expect.
func getMaxResourceSize(w *dav.Writer, _ *dav.Element, _ *resource) error {
	w.TextElement(maxResourceSize, "1048576")
	return nil
}

func getCTag(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.GetCTag, r.ctag())
	return nil
}
