package main

import "calport/web"

// OIDCConfig is a provider to sign in to the portal with.
type OIDCConfig struct {
	Issuer     string   `toml:"issuer" comment:"URL of the provider, such as \"https://sso.example.com/realms/staff\"; empty: none. It leads back to /portal/openid/back."`
	ClientID   string   `toml:"client_id"`
	SecretFile string   `toml:"client_secret_file" comment:"File with the client's secret on the first line; empty for a public client."`
	Name       string   `toml:"name" comment:"On the button: \"Sign in with NAME\"."`
	Scopes     []string `toml:"scopes" comment:"What to ask for beside openid."`
	Claim      string   `toml:"claim" comment:"The claim of the ID token that finds the person. \"email\" must be verified there; any other is trusted as it is."`
	Match      string   `toml:"match" comment:"What of the person the claim is: \"mail\", \"guid\" (the directory's stable id) or \"short_name\"."`
}

func exampleOIDC() OIDCConfig {
	return OIDCConfig{Name: "your organisation", Scopes: []string{"email", "profile"}, Claim: "email", Match: "mail"}
}

func (c *Config) checkOIDC(v *verdict) {
	o := &c.OIDC
	v.oneOf("oidc.match", o.Match, "mail", "guid", "short_name")
	if o.Issuer == "" {
		return
	}
	if err := web.CheckIssuer(o.Issuer); err != nil {
		v.add("oidc.issuer", "write an https URL")
	}
	v.required("oidc.client_id", o.ClientID)
	v.required("oidc.claim", o.Claim)
}

// openID is the provider as configured; nil without one.
func (h *house) openID() (*web.OpenID, error) {
	o := &h.config.OIDC
	if o.Issuer == "" {
		return nil, nil
	}
	match, err := web.ParseMatch(o.Match)
	if err != nil {
		return nil, err
	}
	p := &web.OpenID{Issuer: o.Issuer, ClientID: o.ClientID, Name: o.Name, Scopes: o.Scopes, Claim: o.Claim, Match: match}
	if p.ClientSecret, err = h.secret("oidc.client_secret", o.SecretFile, ""); err != nil {
		return nil, err
	}
	return p, nil
}
