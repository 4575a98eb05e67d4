package schedule

import (
	"bytes"

	"calport/server/ical"
	"calport/server/store"
)

// keptTexts is how many different texts a round remembers: those who get the same come in a row, as a rule.
const keptTexts = 4

// text is an object as the store takes it, for several recipients.
type text struct {
	object *ical.Component
	as     store.NewObject // with Shared
}

// letter is a message as an inbox takes it. Those to many attendees are the same but for their names.
func (p *parcel) letter() store.NewObject {
	return p.write(&p.letters, p.message.Calendar, ObjectName(p.message.UID()), "")
}

// asStored is the recipient's copy as the store takes it.
func (p *parcel) asStored(name, tag string) store.NewObject {
	return p.write(&p.copies, p.Object, name, tag)
}

// write is stored, but what others got before is neither made anew nor kept twice.
func (p *parcel) write(before *[]text, object *ical.Component, name, tag string) store.NewObject {
	if !p.message.Common() {
		return stored(name, object, tag)
	}
	n := again(*before, object)
	if n.Shared == nil {
		data := object.Bytes()
		if n = sameText(*before, data); n.Shared == nil {
			n = storedAs("", object, data, "")
			n.Shared = store.Share(data)
			*before = append((*before)[max(0, len(*before)+1-keptTexts):], text{object, n})
		}
	}
	n.Name, n.ScheduleTag = name, tag
	return n
}

func again(before []text, object *ical.Component) store.NewObject {
	for _, t := range before {
		if t.object == object {
			return t.as
		}
	}
	return store.NewObject{}
}

func sameText(before []text, data []byte) store.NewObject {
	for _, t := range before {
		if bytes.Equal(t.as.Data, data) {
			return t.as
		}
	}
	return store.NewObject{}
}
