package schedule

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"calport/server/store"
)

// Clients older than the Schedule-Tag send If-Match, and would lose every race against an answer that came in meanwhile.
// As Apple's server does, the ETags that an object had since its Schedule-Tag last changed are remembered, and count as
// valid: what changed since then was of no consequence (RFC 6638 section 3.2.10).

// maxETags bounds how many are remembered of one object.
const maxETags = 50

// pastETags is what store.EarlierETags has of an object.
type pastETags struct {
	Tag   string // the Schedule-Tag with which they are valid
	ETags []string
}

func etagKey(item *store.Object) string { return strconv.FormatInt(item.ID, 10) }

// rememberETag notes the ETag of an object that is about to change under its Schedule-Tag.
func rememberETag(tx *store.Tx, item *store.Object) error {
	past, err := EarlierETags(tx, item)
	if err != nil {
		return err
	}
	past = append(past, item.ETag)
	text, err := json.Marshal(pastETags{item.ScheduleTag, past[max(0, len(past)-maxETags):]})
	if err != nil {
		return err
	}
	return tx.SetValue(store.EarlierETags, etagKey(item), text)
}

// EarlierETags are the ETags that an object, given with its Facts, has had under its Schedule-Tag, the oldest first.
func EarlierETags(tx *store.Tx, item *store.Object) ([]string, error) {
	text, err := tx.Value(store.EarlierETags, etagKey(item))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	var past pastETags
	if err == nil {
		err = json.Unmarshal(text, &past)
	}
	if err != nil || past.Tag != item.ScheduleTag {
		return nil, err
	}
	return slices.Clip(past.ETags), nil
}
