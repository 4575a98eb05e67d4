package store

import "sync"

// recent keeps what was used last, as much as there is room for. It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu    sync.Mutex
	room  int // octets
	taken int
	byKey map[K]*recentItem[K, V]
	ring  recentItem[K, V] // has no value: the one used last is its next, the oldest the one before it
}

type recentItem[K comparable, V any] struct {
	key          K
	value        V
	size         int
	next, before *recentItem[K, V]
}

func newRecent[K comparable, V any](room int) *recent[K, V] {
	r := &recent[K, V]{room: room, byKey: map[K]*recentItem[K, V]{}}
	r.ring.next, r.ring.before = &r.ring, &r.ring
	return r
}

// find returns what is kept under a key, the zero value if nothing is.
func (r *recent[K, V]) find(key K) (value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	item := r.byKey[key]
	if item == nil {
		return value
	}
	item.unlink()
	r.first(item)
	return item.value
}

// keep puts a value of so many octets under a key, in place of what is there. One that would take more than half of the
// room is not kept: it would drive out too many others.
func (r *recent[K, V]) keep(key K, value V, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if item := r.byKey[key]; item != nil {
		r.drop(item)
	}
	if size > r.room/2 {
		return
	}
	item := &recentItem[K, V]{key: key, value: value, size: size}
	r.byKey[key] = item
	r.first(item)
	r.taken += size
	for r.taken > r.room {
		r.drop(r.ring.before)
	}
}

// forget drops what is kept under a key.
func (r *recent[K, V]) forget(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if item := r.byKey[key]; item != nil {
		r.drop(item)
	}
}

// first puts an item before all others. It is called with mu held, as are those that follow.
func (r *recent[K, V]) first(item *recentItem[K, V]) {
	item.next, item.before = r.ring.next, &r.ring
	item.next.before, r.ring.next = item, item
}

func (item *recentItem[K, V]) unlink() {
	item.before.next, item.next.before = item.next, item.before
}

func (r *recent[K, V]) drop(item *recentItem[K, V]) {
	item.unlink()
	delete(r.byKey, item.key)
	r.taken -= item.size
}
