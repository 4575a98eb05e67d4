package schedule

import (
	"encoding/json"
	"errors"

	"calport/directory"
	"calport/server/store"
)

// PlaceSettings is what an administrator has set of a room or resource, over what the directory says of it.
type PlaceSettings struct {
	AutoSchedule    string  `json:"auto_schedule,omitempty"`     // a mode by its name; "" leaves the directory's
	AutoAcceptGroup *string `json:"auto_accept_group,omitempty"` // a GUID, "" for none; nil leaves the directory's
}

// PlaceBucket is the store's bucket of them: by GUID in lower case, as JSON.
const PlaceBucket = "places"

// ReadPlaceSettings reads what PlaceBucket has.
func ReadPlaceSettings(text []byte) (s PlaceSettings, err error) {
	err = json.Unmarshal(text, &s)
	return s, err
}

// Of is a room or resource as the directory and the settings have it.
func (s PlaceSettings) Of(p *directory.Principal) directory.Place {
	place := *p.Place
	if mode, err := directory.ParseAutoSchedule(s.AutoSchedule); err == nil {
		place.AutoSchedule = mode
	}
	if s.AutoAcceptGroup != nil {
		place.AutoAcceptGroup = *s.AutoAcceptGroup
	}
	return place
}

// PlaceSettingsOf reads the settings of a room or resource.
func PlaceSettingsOf(tx *store.Tx, p *directory.Principal) (PlaceSettings, error) {
	text, err := tx.Value(PlaceBucket, ownerKey(p))
	if errors.Is(err, store.ErrNotFound) {
		return PlaceSettings{}, nil
	}
	if err != nil {
		return PlaceSettings{}, err
	}
	return ReadPlaceSettings(text)
}

// SetPlaceSettings writes them; the zero value forgets them.
func SetPlaceSettings(tx *store.Tx, p *directory.Principal, s PlaceSettings) error {
	if s == (PlaceSettings{}) {
		return tx.DeleteValue(PlaceBucket, ownerKey(p))
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return tx.SetValue(PlaceBucket, ownerKey(p), text)
}

// takePlace reads how a recipient answers, if he is a room or resource: once in a round.
func (r *round) takePlace(p *directory.Principal) error {
	if p.Place == nil {
		return nil
	}
	if _, known := r.places[ownerKey(p)]; known {
		return nil
	}
	s, err := PlaceSettingsOf(r.tx, p)
	if err != nil {
		return err
	}
	if r.places == nil {
		r.places = map[string]directory.Place{}
	}
	r.places[ownerKey(p)] = s.Of(p)
	return nil
}

// place is a room or resource as it answers.
func (r *round) place(p *directory.Principal) directory.Place {
	if place, ok := r.places[ownerKey(p)]; ok {
		return place
	}
	return *p.Place
}

// answersItself says whether somebody answers invitations by himself.
func (r *round) answersItself(p *directory.Principal) bool {
	return p.Place != nil && r.place(p).AutoSchedule != directory.NoAutoSchedule
}
