package store

import (
	linked "container/list"
	"sync"
)

// recent keeps what was used last, as much as there is room for. It is safe for concurrent use.
type recent[K comparable, V any] struct {
	mu    sync.Mutex
	room  int // octets
	taken int
	byKey map[K]*linked.Element // of recentItem[K, V]
	order linked.List           // the one used last comes first
}

type recentItem[K comparable, V any] struct {
	key   K
	value V
	size  int
}

func newRecent[K comparable, V any](room int) *recent[K, V] {
	return &recent[K, V]{room: room, byKey: map[K]*linked.Element{}}
}

// find returns what is kept under a key, the zero value if nothing is.
func (r *recent[K, V]) find(key K) (value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.byKey[key]
	if e == nil {
		return value
	}
	r.order.MoveToFront(e)
	return e.Value.(recentItem[K, V]).value
}

// keep puts a value of so many octets under a key, in place of what is there. One that would take more than half of the
// room is not kept: it would drive out too many others.
func (r *recent[K, V]) keep(key K, value V, size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(r.byKey[key])
	if size > r.room/2 {
		return
	}
	r.byKey[key] = r.order.PushFront(recentItem[K, V]{key, value, size})
	r.taken += size
	for r.taken > r.room {
		r.drop(r.order.Back())
	}
}

// drop is called with mu held.
func (r *recent[K, V]) drop(e *linked.Element) {
	if e == nil {
		return
	}
	item := r.order.Remove(e).(recentItem[K, V])
	delete(r.byKey, item.key)
	r.taken -= item.size
}
