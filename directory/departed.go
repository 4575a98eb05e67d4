package directory

import "slices"

// With is the snapshot as it would be if somebody were in the directory still, for what is done in the name of one who has
// left: to tell others that his meetings are off. Names and addresses that somebody else has got meanwhile are not his any
// more, so that nobody is taken for another.
func (s *Snapshot) With(departed *Principal) *Snapshot {
	p := *departed
	p.State = Gone
	p.Mails = slices.DeleteFunc(slices.Clone(p.Mails), func(mail string) bool { return s.ByAddress("mailto:"+mail) != nil })
	if s.ByName(p.Kind, p.ShortName) != nil {
		p.ShortName = ""
	}
	return s.with([]*Principal{&p}, nil)
}
