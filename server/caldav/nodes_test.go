package caldav_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"calport/server/caldav"
	"calport/server/store"
	"calport/server/store/storetest"
)

// Clients ask for several things at once from the first moment on, and at several nodes: of those that find no home, one
// makes it, and all are answered.
func TestAHomeIsMadeOnceForAllWhoAskAtOnce(t *testing.T) {
	storetest.OnEveryEngine(t, func(t *testing.T, o store.Options) {
		nodes := []*testServer{newServerOn(t, o, caldav.Limits{})}
		if o.Path == "" {
			nodes = append(nodes, newServerOn(t, o, caldav.Limits{}))
		}
		for _, who := range []string{"ada", "grace", "linus", "admin"} {
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					r := httptest.NewRequest("PROPFIND", "/calendars/users/"+who+"/calendar/", strings.NewReader(`<propfind xmlns="DAV:"><prop><resource-id/></prop></propfind>`))
					r.Header.Set("Depth", "0")
					w := httptest.NewRecorder()
					nodes[i%len(nodes)].handler.ServeHTTP(w, as(t, r, who))
					if w.Code != http.StatusMultiStatus {
						t.Errorf("%s: got %d: %s", who, w.Code, w.Body)
					}
				})
			}
			all.Wait()
		}
	})
}
