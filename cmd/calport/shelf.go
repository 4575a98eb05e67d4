package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"calport/profiles/export"
	"calport/server/store"
)

// shelf keeps signed profiles in the store, one for each person and platform, so that the portal, the API and the
// export hand out the same bytes, after a restart too.
type shelf struct{ store *store.Store }

const shelfBucket = "signed"

func (s shelf) Find(ctx context.Context, keys []string) (map[string]export.Kept, error) {
	found := make(map[string]export.Kept, len(keys))
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		for _, key := range keys {
			kept, err := onShelf(tx, key)
			if err != nil {
				return err
			}
			if kept.Bytes != nil {
				found[key] = kept
			}
		}
		return nil
	})
	return found, err
}

// Keep goes by the order of the keys, in which two who keep the same ones do not wait for each other for ever.
func (s shelf) Keep(ctx context.Context, fresh []export.Kept) ([]export.Kept, error) {
	order := make([]int, len(fresh))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(fresh[a].Key, fresh[b].Key) })
	var now []export.Kept
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		now = slices.Clone(fresh)
		for _, n := range order {
			there, err := onShelf(tx, fresh[n].Key)
			if err != nil {
				return err
			}
			if there.Of(fresh[n].Content, fresh[n].Signer) {
				now[n] = there
			} else if err := tx.SetValue(shelfBucket, fresh[n].Key, shelved(fresh[n])); err != nil {
				return err
			}
		}
		return nil
	})
	return now, err
}

// onShelf reads what is kept under a key; no bytes if nothing is.
func onShelf(tx *store.Tx, key string) (export.Kept, error) {
	value, err := tx.Value(shelfBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return export.Kept{}, nil
	}
	head, signed, whole := bytes.Cut(value, []byte("\n"))
	content, signer, _ := strings.Cut(string(head), " ")
	if err != nil || !whole {
		return export.Kept{}, err // what is damaged is signed anew
	}
	return export.Kept{Key: key, Content: content, Signer: signer, Bytes: signed}, nil
}

// shelved writes the content's hash and the signer in a line before the bytes.
func shelved(k export.Kept) []byte {
	return append([]byte(k.Content+" "+k.Signer+"\n"), k.Bytes...)
}
