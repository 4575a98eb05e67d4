package profiles

import "strings"

// CalendarIdentifier is the identifier of the Calendar profile of who has a GUID; prefix is ServerConfig's.
func CalendarIdentifier(prefix, guid string) string {
	return identifierOf(prefix, Calendar, strings.ToLower(guid))
}

func identifierOf(prefix string, kind Kind, about string) string {
	if about != "" {
		about = "." + about
	}
	return prefix + "." + string(kind) + about
}

// top are the keys that every profile has. about names whom it is for; empty for one that is the same for everybody.
func (g *Generator) top(kind Kind, about string, platform Platform) Dict {
	top := Dict{
		"PayloadType":       typeConfiguration,
		"PayloadVersion":    int64(1),
		"PayloadIdentifier": identifierOf(g.prefix, kind, about),
		"TargetDeviceType":  targetAny,
	}
	switch platform {
	case IOS:
		top["TargetDeviceType"] = targetMobile
	case MacOS:
		top["TargetDeviceType"] = targetMac
		top["PayloadScope"] = "User" // the Mac has calendar accounts in its user channel only
	}
	return top
}

// shared are the keys of a profile that is the same for everybody.
func (g *Generator) shared(kind Kind, platform Platform, name, description string) Dict {
	top := g.top(kind, "", platform)
	top["PayloadDisplayName"], top["PayloadDescription"] = name, description
	if g.organization != "" {
		top["PayloadOrganization"] = g.organization
	}
	return top
}

// identify gives a payload its identifier and UUID. about and slot must never change, so that an installed payload is
// updated in place.
func (g *Generator) identify(payload, top Dict, about, slot string) {
	payload["PayloadIdentifier"] = top["PayloadIdentifier"].(string) + "." + slot
	payload["PayloadUUID"] = version5(g.namespace, about+slot).String()
	payload["PayloadVersion"] = int64(1)
}

// profile joins the keys with the payloads and encodes them.
func (g *Generator) profile(kind Kind, platform Platform, top Dict, payloads []any) (*Profile, error) {
	top["PayloadContent"] = payloads
	content, err := g.encoder.finish(g.namespace, top)
	if err != nil {
		return nil, err
	}
	return &Profile{
		Kind: kind, Platform: platform,
		Identifier:  top["PayloadIdentifier"].(string),
		UUID:        top["PayloadUUID"].(string),
		DisplayName: top["PayloadDisplayName"].(string),
		values:      top,
		content:     content,
	}, nil
}
