package export

import (
	"container/list"
	"sync"
)

// Cache remembers signed profiles within a limit of bytes; the least recently used go first. A nil Cache remembers
// nothing. It is safe for concurrent use.
type Cache struct {
	mu       sync.Mutex
	max, now int // bytes
	entries  map[cacheKey]*list.Element
	recent   list.List // of cached, the most recently used first
}

// cacheKey is what a signed profile is remembered by: the SHA-256 of the content and the signer's fingerprint.
type cacheKey struct{ content, signer string }

type cached struct {
	key   cacheKey
	bytes []byte
}

// NewCache makes a cache of at most maxBytes.
func NewCache(maxBytes int) *Cache {
	return &Cache{max: maxBytes, entries: make(map[cacheKey]*list.Element)}
}

func (c *Cache) get(key cacheKey) []byte {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(cached).bytes
}

// add remembers bytes, unless somebody was faster: all get what the first has added.
func (c *Cache) add(key cacheKey, bytes []byte) []byte {
	if c == nil || len(bytes) > c.max {
		return bytes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[key]; e != nil {
		return e.Value.(cached).bytes
	}
	c.entries[key] = c.recent.PushFront(cached{key, bytes})
	for c.now += len(bytes); c.now > c.max; {
		last := c.recent.Back()
		old := c.recent.Remove(last).(cached)
		delete(c.entries, old.key)
		c.now -= len(old.bytes)
	}
	return bytes
}
