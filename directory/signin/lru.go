package signin

// lru is a map that holds so many values and forgets the least recently used.
type lru[K comparable, V any] struct {
	size  int
	items map[K]*item[K, V]
	ring  item[K, V] // ring.next is the most recently used
}

type item[K comparable, V any] struct {
	key        K
	value      V
	prev, next *item[K, V]
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	l := &lru[K, V]{size: size, items: make(map[K]*item[K, V])}
	l.ring.prev, l.ring.next = &l.ring, &l.ring
	return l
}

func (l *lru[K, V]) len() int { return len(l.items) }

// get answers the value of a key and makes it the most recently used; nil if there is none.
func (l *lru[K, V]) get(key K) *V {
	it := l.items[key]
	if it == nil {
		return nil
	}
	if l.ring.next != it {
		it.unlink()
		it.link(&l.ring)
	}
	return &it.value
}

// add is get, but makes an empty value where there is none.
func (l *lru[K, V]) add(key K) *V {
	if v := l.get(key); v != nil {
		return v
	}
	if len(l.items) >= l.size {
		l.remove(l.ring.prev.key)
	}
	it := &item[K, V]{key: key}
	it.link(&l.ring)
	l.items[key] = it
	return &it.value
}

func (l *lru[K, V]) remove(key K) {
	if it := l.items[key]; it != nil {
		it.unlink()
		delete(l.items, key)
	}
}

func (it *item[K, V]) unlink() { it.prev.next, it.next.prev = it.next, it.prev }

func (it *item[K, V]) link(after *item[K, V]) {
	it.prev, it.next = after, after.next
	it.prev.next, it.next.prev = it, it
}
