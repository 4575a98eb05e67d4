package store

import (
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"sync"
)

// objectCache keeps the objects that were read or written last, compressed, each under its path. It is safe for
// concurrent use.
//
// Where one process does all the writing, what find returns is never older than the last commit: before a commit all
// that it changes is forgotten, and what was read before its end is not kept after it. Elsewhere only data is asked for,
// which the ETag proves.
type objectCache struct {
	seed   maphash.Seed
	blocks *blocks
	packer packer

	guard    sync.Mutex // held to change blocks
	epoch    uint64     // how many commits there were
	changing map[uint64]bool
}

// etagKey is an ETag in half its length.
type etagKey [tagSize / 2]byte

const (
	objectsRoom = 10 << 20 // octets
	largestKept = 64 << 10 // octets of data: larger is read from the database
	keptAtOnce  = 32
	maxWritten  = 256 // how many objects of a transaction are kept: one that writes more is no client's
)

func newObjectCache(room int) *objectCache {
	return &objectCache{seed: maphash.MakeSeed(), blocks: newBlocks(room)}
}

func (c *objectCache) key(collectionID int64, name string) uint64 {
	return maphash.Comparable(c.seed, struct {
		collectionID int64
		name         string
	}{collectionID, name})
}

// keyOfETag returns false for what is no ETag of an object.
func keyOfETag(etag string) (key etagKey, ok bool) {
	if len(etag) != tagSize {
		return key, false
	}
	_, err := hex.Decode(key[:], []byte(etag))
	return key, err == nil
}

// find returns the whole object of that path, if it is kept with its facts.
func (c *objectCache) find(collectionID int64, name string) (Object, bool) {
	etag, text, found := c.text(nil, collectionID, name, nil)
	if !found {
		return Object{}, false
	}
	facts, data := partKept(text)
	if len(facts) == 0 {
		return Object{}, false
	}
	o := readKept(facts, data)
	o.CollectionID, o.ETag = collectionID, hex.EncodeToString(etag[:])
	return o, o.Name == name
}

// data returns the data of the object of that path if it has that ETag, in dst if that is long enough; nil if it is not
// kept.
func (c *objectCache) data(dst []byte, collectionID int64, name, etag string) []byte {
	wanted, ok := keyOfETag(etag)
	if !ok {
		return nil
	}
	_, text, found := c.text(dst, collectionID, name, &wanted)
	if !found {
		return nil
	}
	_, data := partKept(text)
	return data
}

// text returns what is kept under a path, of a certain ETag if that is not nil, in dst if that is long enough.
func (c *objectCache) text(dst []byte, collectionID int64, name string, wanted *etagKey) (etag etagKey, text []byte, found bool) {
	var room [512]byte
	block, found := c.blocks.find(room[:0], c.key(collectionID, name))
	if !found {
		return etag, nil, false
	}
	block = block[copy(etag[:], block):]
	if wanted != nil && etag != *wanted {
		return etag, nil, false
	}
	text, found = c.packer.unpack(dst, block)
	return etag, text, found
}

// now is to be asked before something is read that keep is told of.
func (c *objectCache) now() uint64 {
	c.guard.Lock()
	defer c.guard.Unlock()
	return c.epoch
}

// keep keeps objects of a collection that were read with their data since an epoch, but for those that a commit may have
// changed.
func (c *objectCache) keep(epoch uint64, collectionID int64, part Part, objects ...Object) {
	if len(objects) == 0 || epoch != c.now() {
		return
	}
	c.packer.aside(func() {
		for i := range objects {
			objects[i].CollectionID = collectionID
			c.keepOne(epoch, &objects[i], part)
		}
	})
}

func (c *objectCache) keepOne(epoch uint64, o *Object, part Part) {
	block, ok := c.packed(o, part)
	if !ok {
		return
	}
	key := c.key(o.CollectionID, o.Name)
	c.guard.Lock()
	defer c.guard.Unlock()
	if epoch == c.epoch && !c.changing[key] {
		c.blocks.keep(key, block)
	}
}

// shut forgets what a commit is going to change, until open is called.
func (c *objectCache) shut(changes []Change) {
	changing := make(map[uint64]bool, len(changes))
	for _, change := range changes {
		changing[c.key(change.CollectionID, change.Object)] = true
	}
	c.guard.Lock()
	defer c.guard.Unlock()
	c.changing = changing
	for key := range changing {
		c.blocks.forget(key)
	}
}

// writtenObject is an object that a transaction has written, ready to be kept.
type writtenObject struct {
	key    uint64
	change int64
	block  []byte
}

// written prepares an object to be kept after the commit of tx.
func (c *objectCache) written(tx *Tx, o Object, data []byte) {
	if len(tx.written) == maxWritten {
		return
	}
	o.Data = data
	c.packer.aside(func() {
		if block, ok := c.packed(&o, Whole); ok {
			tx.written = append(tx.written, writtenObject{c.key(o.CollectionID, o.Name), o.Change, block})
		}
	})
}

// open ends what shut began, and keeps what the commit has written; changes are nil if it has failed.
func (c *objectCache) open(changes []Change, written []writtenObject) {
	last := make(map[uint64]int64, len(changes)) // the number of the last change of each
	for _, change := range changes {
		last[c.key(change.CollectionID, change.Object)] = change.Number
	}
	c.guard.Lock()
	defer c.guard.Unlock()
	c.epoch++
	c.changing = nil
	for _, w := range written {
		if last[w.key] == w.change {
			c.blocks.keep(w.key, w.block)
		}
	}
}

// packed is the block of an object: its ETag, and the rest compressed. Large ones have none.
func (c *objectCache) packed(o *Object, part Part) (block []byte, ok bool) {
	etag, ok := keyOfETag(o.ETag)
	if !ok || len(o.Data) > largestKept {
		return nil, false
	}
	text := appendKept(make([]byte, 0, len(o.Data)+256), o, part)
	return c.packer.pack(append(make([]byte, 0, 256), etag[:]...), text), true
}

// appendKept writes an object, with its facts or without: how many octets the facts take, the facts, the data.
func appendKept(b []byte, o *Object, part Part) []byte {
	if part&Facts == 0 {
		return append(append(b, 0), o.Data...)
	}
	facts := make([]byte, 0, 256)
	for _, s := range [...]string{o.Name, o.UID, o.Component, o.ScheduleTag, o.Organizer} {
		facts = append(binary.AppendUvarint(facts, uint64(len(s))), s...)
	}
	created, modified := microseconds(o.Created), microseconds(o.Modified)
	for _, n := range [...]int64{o.ID, o.Change, o.FirstStart, o.LastEnd - o.FirstStart, truth(o.Recurring), created, modified - created} {
		facts = binary.AppendVarint(facts, n)
	}
	b = append(binary.AppendUvarint(b, uint64(len(facts))), facts...)
	return append(b, o.Data...)
}

// partKept takes apart what appendKept wrote.
func partKept(text []byte) (facts, data []byte) {
	n, size := binary.Uvarint(text)
	return text[size : size+int(n)], text[size+int(n):]
}

// readKept reads what appendKept wrote of a whole object, all but what find is told and the ETag.
func readKept(facts, data []byte) Object {
	o := Object{Size: int64(len(data)), Data: data}
	rest := string(facts)
	for _, s := range [...]*string{&o.Name, &o.UID, &o.Component, &o.ScheduleTag, &o.Organizer} {
		n, size := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		*s, rest = rest[size:size+int(n)], rest[size+int(n):]
	}
	facts = facts[len(facts)-len(rest):]
	var length, recurring, created, unmodified int64
	for _, n := range [...]*int64{&o.ID, &o.Change, &o.FirstStart, &length, &recurring, &created, &unmodified} {
		var size int
		*n, size = binary.Varint(facts)
		facts = facts[size:]
	}
	o.LastEnd, o.Recurring = o.FirstStart+length, recurring != 0
	o.Created, o.Modified = fromMicroseconds(created), fromMicroseconds(created+unmodified)
	return o
}
