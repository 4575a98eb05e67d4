package export

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"calport/profiles"
)

// How the files of the layout KMFDDM end and begin.
const (
	declarationExtension    = ".json"
	setPrefix, setExtension = "set.", ".txt"
)

// declare brings a person's declarations and set up to date.
func (x *run) declare(i *item, stage *stage) error {
	list, err := x.Generator.Declarations(x.Directory, i.person)
	if err != nil {
		i.without(err, x.Platform)
		return nil
	}
	return x.writeSet(i, NanoName(i.person), list, stage)
}

// writeSet stages the files of declarations and of the set that holds them. What the set held before and holds no more
// stays in its file with a minus, so that KMFDDM takes it out.
func (x *run) writeSet(i *item, name string, list []profiles.Declaration, stage *stage) error {
	before := map[string]*File{}
	for _, f := range i.entry.Declarations {
		before[f.Path] = f
	}
	i.entry.Declarations = make([]*File, len(list)+1)
	var lines []string
	for n := range list {
		d := &list[n]
		lines = append(lines, d.Identifier)
		path := d.Identifier + declarationExtension
		i.entry.Declarations[n] = before[path]
		delete(before, path)
		if err := x.writeOther(i, &i.entry.Declarations[n], path, d.JSON(), stage); err != nil {
			return err
		}
	}
	set := setPrefix + name + setExtension
	i.entry.Declarations[len(list)] = before[set]
	delete(before, set)
	i.entry.retire(before, lines)
	for _, id := range i.entry.Retired {
		lines = append(lines, "-"+id)
	}
	i.stale = before
	return x.writeOther(i, &i.entry.Declarations[len(list)], set, []byte(strings.Join(lines, "\n")+"\n"), stage)
}

// retire notes, sorted, the declarations that were in files and are no more.
func (e *Entry) retire(gone map[string]*File, now []string) {
	all := slices.Clone(e.Retired)
	for path := range gone {
		if id, ok := strings.CutSuffix(path, declarationExtension); ok {
			all = append(all, id)
		}
	}
	all = slices.DeleteFunc(all, func(id string) bool { return slices.Contains(now, id) })
	slices.Sort(all)
	e.Retired = slices.Compact(all)
}

// writeOther stages a file that is no profile, unless it is there.
func (x *run) writeOther(i *item, slot **File, path string, content []byte, stage *stage) error {
	sum := Kept{Bytes: content}.digest()
	if x.current(*slot, sum, "") {
		return nil
	}
	i.outcome = max(i.outcome, written)
	if x.DryRun {
		return nil
	}
	return stage.write(i, slot, File{Path: path, SHA256: sum, Content: sum}, content, false)
}

// dissolve empties the set of somebody who gets nothing any more, and deletes the declarations.
func (x *run) dissolve(i *item, stage *stage) error {
	at := slices.IndexFunc(i.entry.Declarations, func(f *File) bool { return strings.HasPrefix(f.Path, setPrefix) })
	if at < 0 {
		return nil
	}
	entry := *i.entry
	i.entry = &entry
	name := strings.TrimSuffix(strings.TrimPrefix(entry.Declarations[at].Path, setPrefix), setExtension)
	outcome := i.outcome
	err := x.writeSet(i, name, nil, stage)
	i.outcome = outcome
	return err
}

// pruneStale deletes the files of declarations that there are no more. Those that stay are named by the row.
func (x *run) pruneStale(i *item) {
	for path, f := range i.stale {
		if !f.ours() || !strings.HasSuffix(path, declarationExtension) {
			continue
		}
		if !x.DryRun {
			if err := x.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				i.fail(err, x.Platform)
				return
			}
		}
		i.pruned++
	}
	i.stale = nil
}
