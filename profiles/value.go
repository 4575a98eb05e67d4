package profiles

// Dict is a property list dictionary. Its values are string, int64, float64, bool, time.Time, []byte, []any and Dict.
type Dict map[string]any
