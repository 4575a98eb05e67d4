package directory

import (
	"path"
	"slices"
	"strings"
)

// Visibility says whom people may find: in searches, in address books, and when they ask for free and busy time. It
// is a list of rules. Who is described by none of them finds everybody, as does everybody where there is no rule;
// of several that describe somebody, each adds to what he finds. Everybody finds himself.
type Visibility []VisibilityRule

// VisibilityRule is whom some people may find.
type VisibilityRule struct {
	For   Rule // those whom the rule is about
	Finds Rule // the people they find; the groups that it names are found as well
	// Together are names of groups, in which * stands for any letters: who is in one of these groups finds its other
	// members, and the group.
	Together []string
	Places   bool // rooms and resources are found
}

// Of answers whom a viewer may find in s; nil means everybody. The function holds what it has worked out: it is made
// once for each request, and not safe for concurrent use.
func (v Visibility) Of(s *Snapshot, viewer *Principal) func(*Principal) bool {
	w := sight{viewer: viewer, people: s}
	for i := range v {
		if v[i].For.Allows(s, viewer) {
			w.rules = append(w.rules, &v[i])
		}
	}
	if len(w.rules) == 0 {
		return nil
	}
	for _, r := range w.rules {
		w.add(r)
	}
	return w.reaches
}

// sight is what the rules let one viewer see, with the groups resolved.
type sight struct {
	viewer *Principal
	people *Snapshot
	rules  []*VisibilityRule
	groups map[int32]bool // those whose members are seen, by position
	places bool
}

func (w *sight) add(r *VisibilityRule) {
	w.places = w.places || r.Places
	if w.groups == nil {
		w.groups = make(map[int32]bool)
	}
	for _, name := range r.Finds.Groups {
		w.addGroup(w.people.group(name))
	}
	if len(r.Together) == 0 {
		return
	}
	for _, g := range w.people.MemberOf(w.viewer.GUID) {
		if slices.ContainsFunc(r.Together, func(pattern string) bool { return nameMatches(pattern, g) }) {
			w.addGroup(g)
		}
	}
}

func (w *sight) addGroup(g *Principal) {
	if g == nil {
		return
	}
	if i, _, ok := w.people.live(g.GUID); ok {
		w.groups[i] = true
	}
}

// nameMatches reports whether a group's short name has the form of a pattern, caselessly.
func nameMatches(pattern string, g *Principal) bool {
	ok, err := path.Match(Fold(pattern), Fold(g.ShortName))
	return err == nil && ok
}

func (w *sight) reaches(p *Principal) bool {
	if strings.EqualFold(p.GUID, w.viewer.GUID) || w.places && p.Place != nil {
		return true
	}
	if w.inGroups(p) {
		return true
	}
	return slices.ContainsFunc(w.rules, func(r *VisibilityRule) bool {
		without := Rule{Everyone: r.Finds.Everyone, People: r.Finds.People, Filters: r.Finds.Filters} // groups are resolved
		return without.Allows(w.people, p)
	})
}

// inGroups reports whether somebody is one of the groups, or in one of them directly or through other groups.
func (w *sight) inGroups(p *Principal) bool {
	if len(w.groups) == 0 {
		return false
	}
	i, _, ok := w.people.live(p.GUID)
	if !ok {
		return false
	}
	if w.groups[i] {
		return true
	}
	parents := w.people.graph.parents
	direct := parents.of(i)
	if slices.ContainsFunc(direct, func(g int32) bool { return w.groups[g] }) {
		return true
	}
	nested := slices.ContainsFunc(direct, func(g int32) bool { return len(parents.of(g)) > 0 })
	return nested && slices.ContainsFunc(w.people.reach(parents, i), func(g int32) bool { return w.groups[g] })
}

// Attributes lists the attributes, in lower case, that the directory must keep for the filters of the rules.
func (v Visibility) Attributes() []string {
	var names []string
	for i := range v {
		names = append(names, v[i].For.attributes()...)
		names = append(names, v[i].Finds.attributes()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Unknown lists the names in the rules that lead to nobody, or to more than one, in s.
func (v Visibility) Unknown(s *Snapshot) []string {
	var unknown []string
	for i := range v {
		unknown = append(unknown, v[i].For.Unknown(s)...)
		unknown = append(unknown, v[i].Finds.Unknown(s)...)
	}
	return unknown
}
