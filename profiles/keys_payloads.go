package profiles

// payloads are the payload types, each with its own keys. A new one is rows here and a function that fills them in.
var payloads = []Payload{
	{Type: typeCalDAV, Title: "Calendar account", Since: OS{IOS: "4.0", MacOS: "10.7", VisionOS: "1.1"}, Keys: []Key{
		{Name: "CalDAVAccountDescription", Type: String, Title: "Account name", Since: everywhere},
		{Name: "CalDAVHostName", Type: String, Title: "Server", Needed: true, Rule: hostName, Since: everywhere},
		// Not required by the schema, but always written: before iOS 16 devices took a missing CalDAVUseSSL for false.
		{Name: "CalDAVPort", Type: Integer, Title: "Port", Min: 1, Max: 65535, Since: everywhere},
		{Name: "CalDAVUseSSL", Type: Boolean, Title: "Secure connection", Default: true, Since: everywhere},
		{Name: "CalDAVUsername", Type: String, Title: "User name", Rule: userName, Since: everywhere},
		{Name: "CalDAVPassword", Type: String, Title: "Password", Secret: true, Since: everywhere},
		{Name: "CalDAVPrincipalURL", Type: String, Title: "Principal", Since: everywhere},
		{Name: "VPNUUID", Type: String, Title: "VPN", Since: OS{IOS: "14.0", VisionOS: "1.1"}},
	}},
	{Type: typeCardDAV, Title: "Contacts account", Since: OS{IOS: "4.0", MacOS: "10.7", VisionOS: "1.1"}, Keys: []Key{
		{Name: "CardDAVAccountDescription", Type: String, Title: "Account name", Since: everywhere},
		{Name: "CardDAVHostName", Type: String, Title: "Server", Needed: true, Rule: hostName, Since: everywhere},
		{Name: "CardDAVPort", Type: Integer, Title: "Port", Min: 1, Max: 65535, Since: everywhere},
		{Name: "CardDAVUseSSL", Type: Boolean, Title: "Secure connection", Default: true, Since: everywhere},
		{Name: "CardDAVUsername", Type: String, Title: "User name", Rule: userName, Since: everywhere},
		{Name: "CardDAVPassword", Type: String, Title: "Password", Secret: true, Since: everywhere},
		{Name: "CardDAVPrincipalURL", Type: String, Title: "Principal", Since: OS{IOS: "4.0", VisionOS: "1.1"}},
		{Name: "CommunicationServiceRules", Type: Dictionary, Title: "Calls", Since: OS{IOS: "10.0", VisionOS: "1.1"}, Keys: []Key{
			{Name: "DefaultServiceHandlers", Type: Dictionary, Since: OS{IOS: "10.0", VisionOS: "1.1"}, Keys: []Key{
				{Name: "AudioCall", Type: String, Since: OS{IOS: "10.0", VisionOS: "1.1"}},
			}},
		}},
		{Name: "VPNUUID", Type: String, Title: "VPN", Since: OS{IOS: "14.0", VisionOS: "1.1"}},
	}},
	{Type: typeSubscription, Title: "Subscribed calendar", Since: OS{IOS: "4.0", VisionOS: "1.1"}, Keys: []Key{
		{Name: "SubCalAccountDescription", Type: String, Title: "Calendar name", Since: everywhere},
		{Name: "SubCalAccountHostName", Type: String, Title: "Address", Needed: true, Since: everywhere}, // a URL in spite of its name
		{Name: "SubCalAccountUsername", Type: String, Title: "User name", Rule: userName, Since: everywhere},
		{Name: "SubCalAccountPassword", Type: String, Title: "Password", Secret: true, Since: everywhere},
		{Name: "SubCalAccountUseSSL", Type: Boolean, Title: "Secure connection", Default: false, Since: everywhere},
		{Name: "VPNUUID", Type: String, Title: "VPN", Since: OS{IOS: "14.0", VisionOS: "1.1"}},
	}},
	{Type: typeRoot, Title: "Certificate to trust", Since: everywhere, Keys: certificateKeys},
	{Type: typePKCS1, Title: "Certificate", Since: everywhere, Keys: certificateKeys},
	{Type: typePEM, Title: "Certificate", Since: everywhere, Keys: certificateKeys},
	{Type: typeRemoval, Title: "Password for removal", Since: OS{IOS: "4.0", MacOS: "10.7"}, Once: true, Keys: []Key{
		{Name: "RemovalPassword", Type: String, Title: "Password", Secret: true, Needed: true, Since: OS{IOS: "4.0", MacOS: "10.7"}},
	}},
	{Type: typePreferences, Title: "Preferences", Since: OS{MacOS: "10.7"}, Keys: []Key{
		{Name: "PayloadContent", Type: Dictionary, Title: "Sets", Needed: true, Since: OS{MacOS: "10.7"}, Words: preferenceWords, Keys: []Key{
			{Name: "*", Type: Dictionary, Since: OS{MacOS: "10.7"}, Keys: []Key{
				{Name: "Forced", Type: Array, Elem: Dictionary, Since: OS{MacOS: "10.7"}, Keys: preferenceKeys},
				{Name: "Set-Once", Type: Array, Elem: Dictionary, Since: OS{MacOS: "10.7"}, Keys: preferenceKeys},
			}},
		}},
	}},
	{Type: typeIdentifier, Title: "Identification", Since: OS{MacOS: "10.7"}, Never: "Apple has withdrawn it (macOS 15.4)"},
}

var certificateKeys = []Key{
	{Name: "PayloadCertificateFileName", Type: String, Title: "File name", Since: everywhere},
	{Name: "PayloadContent", Type: Data, Title: "Certificate", Needed: true, Words: certificateWords, Since: everywhere},
}

var preferenceKeys = []Key{
	{Name: "mcx_preference_settings", Type: Dictionary, Needed: true, Since: OS{MacOS: "10.7"}},
	{Name: "mcx_data_timestamp", Type: Date, Since: OS{MacOS: "10.7"}},
}
