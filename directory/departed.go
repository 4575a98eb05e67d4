package directory

import "slices"

// With is the snapshot as it would be if somebody were in the directory still, for what is done in the name of one who has
// left: to tell others that his meetings are off. There, addresses that somebody else has got meanwhile are his again: it is
// he who is meant by them in what he has written.
func (s *Snapshot) With(departed *Principal) *Snapshot {
	p := *departed
	p.State = Gone
	changed := []*Principal{&p}
	for _, mail := range p.Mails {
		heir := s.ByAddress("mailto:" + mail)
		if heir == nil || Fold(heir.GUID) == Fold(p.GUID) {
			continue
		}
		if i := slices.IndexFunc(changed, func(q *Principal) bool { return q.GUID == heir.GUID }); i >= 0 {
			heir = changed[i]
			changed = slices.Delete(changed, i, i+1)
		}
		q := *heir
		q.Mails = slices.DeleteFunc(slices.Clone(q.Mails), func(other string) bool { return Fold(other) == Fold(mail) })
		changed = append(changed, &q)
	}
	if s.ByName(p.Kind, p.ShortName) != nil {
		p.ShortName = "" // nobody takes a path to the one for a path to the other
	}
	return s.with(changed, nil)
}
