package ical

import "unicode/utf8"

// maxLine is the length in bytes after which a line is folded, its line end
// not counted: one less than RFC 5545 section 3.1 allows, as Apple's server
// has it.
const maxLine = 74

// Bytes returns the component as iCalendar. Parts that were not changed since
// they were parsed come out as they went in.
func (c *Component) Bytes() []byte { return c.Append(make([]byte, 0, c.size())) }

// String is Bytes as a string.
func (c *Component) String() string { return string(c.Bytes()) }

// Append appends the component as iCalendar to b.
func (c *Component) Append(b []byte) []byte {
	b = append(b, c.before...)
	b = appendMark(b, c.begin, "BEGIN:", c.Name)
	next := 0
	for i, p := range c.Properties {
		for c.mixed && next < len(c.Components) && c.Components[next].at <= i {
			b = c.Components[next].Append(ended(b))
			next++
		}
		b = p.append(ended(b))
	}
	for _, s := range c.Components[next:] {
		b = s.Append(ended(b))
	}
	b = appendMark(ended(b), c.end, "END:", c.Name)
	return append(b, c.after...)
}

func appendMark(b []byte, source, mark, name string) []byte {
	if source != "" {
		return append(b, source...)
	}
	return append(append(append(b, mark...), name...), "\r\n"...)
}

// ended makes sure that b ends with a line end: a source's last line may have
// none, and be last no more.
func ended(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '\n' {
		return append(b, "\r\n"...)
	}
	return b
}

func (p *Property) append(b []byte) []byte {
	if p.raw != "" {
		return append(b, p.raw...)
	}
	return append(appendFolded(b, p.text), "\r\n"...)
}

// appendFolded appends a line, folded between characters if it is long.
func appendFolded(b []byte, line string) []byte {
	for room := maxLine; len(line) > room; room = maxLine - 1 {
		cut := room
		for cut > room-utf8.UTFMax && !utf8.RuneStart(line[cut]) {
			cut--
		}
		if !utf8.RuneStart(line[cut]) {
			cut = room // not UTF-8 anyway
		}
		b = append(b, line[:cut]...)
		b = append(b, "\r\n "...)
		line = line[cut:]
	}
	return append(b, line...)
}

// size estimates the length of the written component.
func (c *Component) size() int {
	n := len(c.before) + len(c.begin) + len(c.end) + len(c.after)
	if c.begin == "" {
		n += 2*len(c.Name) + len("BEGIN:\r\nEND:\r\n")
	}
	for _, p := range c.Properties {
		if p.raw != "" {
			n += len(p.raw)
			continue
		}
		n += len(p.text) + len("\r\n") + len(p.text)/(maxLine-utf8.UTFMax)*len("\r\n ")
	}
	for _, s := range c.Components {
		n += s.size()
	}
	return n
}
