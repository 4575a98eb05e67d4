package caldav

import (
	"fmt"
	"strconv"
	"strings"

	"calport/server/dav"
)

// syncState is a state of a home or collection: what sync tokens and ctags say. The epoch is the store's and changes
// when it is restored from a backup, which makes all tokens handed out before invalid; the id tells collections of the
// same name apart, that of a home is negative; the number is that of the last change.
type syncState struct{ epoch, id, number int64 }

// tokenPrefix makes the token a URI, which RFC 6578 section 4 wants it to be.
const tokenPrefix = "data:,"

func (s syncState) String() string {
	return strconv.FormatInt(s.epoch, 10) + "_" + strconv.FormatInt(s.id, 10) + "_" + strconv.FormatInt(s.number, 10)
}

func (s syncState) token() string { return tokenPrefix + s.String() }

// parseToken reads a token that this server made.
func parseToken(token string) (s syncState, ok bool) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return s, false
	}
	n, err := fmt.Sscanf(text, "%d_%d_%d", &s.epoch, &s.id, &s.number)
	return s, n == 3 && err == nil && s.token() == token
}

// state is the present state of a home or collection.
func (r *resource) state() syncState {
	if r.kind == home {
		return syncState{r.store.Epoch(), -r.home.ID, r.home.Change}
	}
	return syncState{r.store.Epoch(), r.collection.ID, r.collection.Change}
}

func getSyncToken(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.SyncToken, r.state().token())
	return nil
}

func getCTag(w *dav.Writer, _ *dav.Element, r *resource) error {
	w.TextElement(dav.GetCTag, r.state().String())
	return nil
}
