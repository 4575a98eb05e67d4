package profiles

// HasSecret reports whether the profile holds a password, of whatever kind: whoever reads it can read that too.
func (p *Profile) HasSecret() bool { return hasSecret(p.values, topKeys) }

func hasSecret(values Dict, tables ...[]Key) bool {
	for name, value := range values {
		key := keyOf(name, tables...)
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				if d, ok := item.(Dict); ok && secretItem(d, key) {
					return true
				}
			}
		case Dict:
			if key != nil && hasSecret(v, key.Keys) {
				return true
			}
		default:
			if key != nil && key.Secret {
				return true
			}
		}
	}
	return false
}

// secretItem looks into a dictionary of an array: a payload, by its type, or what the table says.
func secretItem(d Dict, of *Key) bool {
	if kind, ok := d["PayloadType"].(string); ok {
		row := payloadOf(kind)
		return row != nil && hasSecret(d, row.Keys, commonKeys)
	}
	return of != nil && hasSecret(d, of.Keys)
}
