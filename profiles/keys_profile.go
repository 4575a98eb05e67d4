package profiles

// The sources of the rows: apple/device-management, mdm/profiles/*.yaml at iOS 18.1 and macOS 15.1.

// Payload types.
const (
	typeConfiguration = "Configuration"
	typeCalDAV        = "com.apple.caldav.account"
	typeCardDAV       = "com.apple.carddav.account"
	typeSubscription  = "com.apple.subscribedcalendar.account"
	typeRoot          = "com.apple.security.root"
	typePKCS1         = "com.apple.security.pkcs1"
	typePEM           = "com.apple.security.pem"
	typeRemoval       = "com.apple.profileRemovalPassword"
	typePreferences   = "com.apple.ManagedClient.preferences"
	typeIdentifier    = "com.apple.configurationprofile.identification"
)

// Values of TargetDeviceType.
const (
	targetAny    = int64(0)
	targetMobile = int64(1)
	targetMac    = int64(5)
)

var everywhere = OS{IOS: "4.0", MacOS: "10.7", VisionOS: "1.0"}

// topKeys are the keys of the profile itself (TopLevel.yaml).
var topKeys = []Key{
	{Name: "PayloadType", Type: String, Needed: true, Allowed: []Choice{{typeConfiguration, ""}}, Since: everywhere},
	{Name: "PayloadVersion", Type: Integer, Needed: true, Allowed: []Choice{{int64(1), ""}}, Since: everywhere},
	{Name: "PayloadIdentifier", Type: String, Needed: true, Since: everywhere},
	{Name: "PayloadUUID", Type: String, Needed: true, Since: everywhere},
	{Name: "PayloadDisplayName", Type: String, Title: "Name", Since: everywhere},
	{Name: "PayloadOrganization", Type: String, Title: "Organisation", Since: everywhere},
	{Name: "PayloadDescription", Type: String, Title: "Description", Since: everywhere},
	{Name: "ConsentText", Type: Dictionary, Title: "Asks for consent to", Since: everywhere,
		Keys: []Key{{Name: "*", Type: String, Since: everywhere}}, Words: consentWords},
	{Name: "RemovalDate", Type: Date, Title: "Removes itself on", Since: everywhere},
	{Name: "DurationUntilRemoval", Type: Real, Title: "Removes itself after", Words: durationWords, Since: everywhere},
	{Name: "PayloadRemovalDisallowed", Type: Boolean, Title: "Cannot be removed", Since: OS{IOS: "4.0", MacOS: "10.7"}, Default: false},
	{Name: "PayloadScope", Type: String, Title: "Applies to", Since: OS{MacOS: "10.8"},
		Allowed: []Choice{{"System", "everybody on the Mac"}, {"User", "the signed-in user"}}},
	{Name: "TargetDeviceType", Type: Integer, Title: "Made for", Since: OS{IOS: "12.2", MacOS: "10.15", VisionOS: "1.1"}, Default: targetAny,
		Allowed: []Choice{{targetAny, "any device"}, {targetMobile, "iPhone and iPad"}, {int64(2), "Apple Watch"}, {int64(3), "HomePod"},
			{int64(4), "Apple TV"}, {targetMac, "Mac"}, {int64(6), "Apple Vision Pro"}}},
	{Name: "PayloadExpirationDate", Type: Date, Title: "Expires on", Since: everywhere},
	{Name: "EncryptedPayloadContent", Type: Data, Since: everywhere},
	{Name: "PayloadContent", Type: Array, Needed: true, Unless: "EncryptedPayloadContent", Elem: Dictionary, Since: everywhere},
	// Keys of MDM answers that were never keys of a profile; Apple took them out of the schema.
	{Name: "IsEncrypted", Type: Boolean, Never: "it belongs in an MDM answer, not in a profile", Since: everywhere},
	{Name: "HasRemovalPasscode", Type: Boolean, Never: "it belongs in an MDM answer, not in a profile", Since: everywhere},
}

// commonKeys are the keys that every payload has (CommonPayloadKeys.yaml).
var commonKeys = []Key{
	{Name: "PayloadType", Type: String, Needed: true, Since: everywhere},
	{Name: "PayloadVersion", Type: Integer, Needed: true, Allowed: []Choice{{int64(1), ""}}, Since: everywhere},
	{Name: "PayloadIdentifier", Type: String, Needed: true, Since: everywhere},
	{Name: "PayloadUUID", Type: String, Needed: true, Since: everywhere},
	{Name: "PayloadDisplayName", Type: String, Title: "Name", Since: everywhere},
	{Name: "PayloadOrganization", Type: String, Title: "Organisation", Since: everywhere},
	{Name: "PayloadDescription", Type: String, Title: "Description", Since: everywhere},
}
