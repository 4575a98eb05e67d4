package main

import (
	"net/url"
)

// MDMConfig is how MDM servers and their devices reach the payload source.
type MDMConfig struct {
	AssetURL string `toml:"asset_url" comment:"The https address under which a proxy on the MDM server's host leads devices to /api/v1/ddm here, such as \"https://mdm.example.com/calport/api/v1/ddm\": devices fetch what declarations refer to from their MDM server only. The proxy authenticates them as it does for MDM, and adds a token of calport's. Empty: /api/v1/ddm of public_host."`
}

func (c *Config) checkMDM(v *verdict) {
	if c.MDM.AssetURL == "" {
		return
	}
	if u, err := url.Parse(c.MDM.AssetURL); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		v.add("mdm.asset_url", "write an https address without query, such as \"https://mdm.example.com/calport/api/v1/ddm\"")
	}
}
