package contacts

import (
	"encoding/base64"
	"strconv"
	"strings"
	"unicode"

	"github.com/emersion/go-vcard"

	"calport/directory"
)

// version is that of the cards: vCard 3.0, RFC 2426.
const version = "3.0"

// PhotoAttributes are the directory's attributes with photos, the preferred one first: RFC 2798 section 2.6, and Active
// Directory's.
var PhotoAttributes = []string{"jpegPhoto", "thumbnailPhoto"}

// maxPhoto is the largest photo that goes into a card, in octets.
const maxPhoto = 256 << 10

// Apple's names for what vCard 3.0 has no word for.
const (
	fieldKind   = "X-ADDRESSBOOKSERVER-KIND"
	fieldMember = "X-ADDRESSBOOKSERVER-MEMBER"
)

// kinds are the words for what is no person, as Apple's server wrote them.
var kinds = map[directory.Kind]string{directory.Group: "group", directory.Room: "location", directory.Resource: "resource"}

// card is the vCard of a principal as the visitor sees it. A photo is much work, for which there must be a reason.
func (v *visit) card(p *directory.Principal, withPhoto bool) vcard.Card {
	c := vcard.Card{}
	add := func(field, value string, types ...string) {
		if value = oneLine(value); value == "" {
			return
		}
		f := &vcard.Field{Value: value}
		if len(types) > 0 {
			f.Params = vcard.Params{vcard.ParamType: types}
		}
		c.Add(field, f)
	}
	add(vcard.FieldVersion, version)
	add(vcard.FieldProductID, "-//calport//calport//EN")
	add(vcard.FieldUID, p.GUID)
	add(vcard.FieldFormattedName, p.FullName)
	add(vcard.FieldName, name(p))
	add(vcard.FieldNickname, p.ShortName)
	for i, mail := range p.Mails {
		types := []string{"INTERNET", "WORK"}
		if i == 0 {
			types = append(types, "PREF")
		}
		add(vcard.FieldEmail, mail, types...)
		add(vcard.FieldCalendarAddressURI, "mailto:"+mail) // RFC 2739 section 2.1
	}
	add(vcard.FieldTelephone, p.MobilePhone, "CELL", "VOICE")
	add(vcard.FieldTitle, p.JobTitle)
	add(vcard.FieldOrganization, component(v.o.Organization))
	add(fieldKind, kinds[p.Kind])
	for _, guid := range v.members(p) {
		add(fieldMember, "urn:uuid:"+guid)
	}
	if p.Place != nil {
		add(vcard.FieldNote, placeNote(p.Place))
	}
	if !withPhoto {
		return c
	}
	if photo, kind := v.photo(p); kind != "" {
		// One parameter to the library, which writes several in no fixed order.
		c.Add(vcard.FieldPhoto, &vcard.Field{Value: base64.StdEncoding.EncodeToString([]byte(photo)), Params: vcard.Params{"ENCODING": {"b;TYPE=" + kind}}})
	}
	return c
}

// members are the GUIDs of a group's direct members whom the visitor may find.
func (v *visit) members(p *directory.Principal) []string {
	var guids []string
	for _, guid := range p.Members {
		if m := v.people.ByGUID(guid); m != nil && v.sees(m) {
			guids = append(guids, m.GUID)
		}
	}
	return guids
}

// name is the value of N, which every card must have: the family name and the given name, else the full name as the
// family name (RFC 2426 section 3.1.2).
func name(p *directory.Principal) string {
	if p.LastName == "" && p.FirstName == "" {
		return component(p.FullName) + ";;;;"
	}
	return component(p.LastName) + ";" + component(p.FirstName) + ";;;"
}

// component makes a text a part of a structured value, in which ";" separates: the library does not escape it.
func component(s string) string { return strings.ReplaceAll(s, ";", ",") }

// placeNote says where a room is and how many it seats. Numbers and names need no language.
func placeNote(p *directory.Place) string {
	if p.Capacity == 0 {
		return p.Location
	}
	return strings.TrimSpace(p.Location + " (" + strconv.Itoa(p.Capacity) + ")")
}

// photo is the first photo that is small enough, and its kind; the kind is empty if there is none.
func (v *visit) photo(p *directory.Principal) (data, kind string) {
	if !v.o.Photos {
		return "", ""
	}
	for _, attribute := range PhotoAttributes {
		for _, photo := range p.Attributes[strings.ToLower(attribute)] {
			switch {
			case len(photo) > maxPhoto:
			case strings.HasPrefix(photo, "\xff\xd8\xff"):
				return photo, "JPEG"
			case strings.HasPrefix(photo, "\x89PNG\r\n\x1a\n"):
				return photo, "PNG"
			}
		}
	}
	return "", ""
}

// oneLine makes control characters spaces: what the directory says must not begin a line of the card.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
