package dav

// The names of RFC 4918 and its companions: properties, elements, conditions.
var (
	// Properties, RFC 4918 section 15.
	CreationDate       = d("creationdate")
	DisplayName        = d("displayname")
	GetContentLanguage = d("getcontentlanguage")
	GetContentLength   = d("getcontentlength")
	GetContentType     = d("getcontenttype")
	GetETag            = d("getetag")
	GetLastModified    = d("getlastmodified")
	LockDiscovery      = d("lockdiscovery")
	ResourceType       = d("resourcetype")
	SupportedLock      = d("supportedlock")

	// Elements, RFC 4918 section 14 and RFC 5689 section 5.
	AllProp        = d("allprop")
	Collection     = d("collection")
	Href           = d("href")
	Include        = d("include")
	MkCol          = d("mkcol")
	MkColResponse  = d("mkcol-response")
	MultiStatus    = d("multistatus")
	Prop           = d("prop")
	PropertyUpdate = d("propertyupdate")
	PropName       = d("propname")
	Remove         = d("remove")
	Set            = d("set")

	// Conditions, RFC 4918 section 16 and RFC 5689 section 3.3.
	CannotModifyProtectedProperty = d("cannot-modify-protected-property")
	PropFindFiniteDepth           = d("propfind-finite-depth")
	ValidResourceType             = d("valid-resourcetype")

	// RFC 3253 section 3: reports.
	SupportedReport    = d("supported-report")
	SupportedReportSet = d("supported-report-set")
	Report             = d("report")
	ExpandProperty     = d("expand-property")
	PropertyElement    = d("property")
	ResourceMustBeNull = d("resource-must-be-null")

	SupportedReportCondition = d("supported-report") // section 3.6, named as the element is

	// RFC 3744 sections 4, 5 and 9: principals, privileges and their reports.
	ACL                           = d("acl")
	ACE                           = d("ace")
	ACLPrincipalPropSet           = d("acl-principal-prop-set")
	ACLRestrictions               = d("acl-restrictions")
	AlternateURISet               = d("alternate-URI-set")
	Authenticated                 = d("authenticated")
	CurrentUserPrivilegeSet       = d("current-user-privilege-set")
	GroupMemberSet                = d("group-member-set")
	GroupMembership               = d("group-membership")
	InheritedACLSet               = d("inherited-acl-set")
	NeedPrivileges                = d("need-privileges")
	Owner                         = d("owner")
	GroupOwner                    = d("group")
	PrincipalElement              = d("principal")
	PrincipalCollectionSet        = d("principal-collection-set")
	PrincipalMatch                = d("principal-match")
	PrincipalPropertySearch       = d("principal-property-search")
	PrincipalSearchPropertySet    = d("principal-search-property-set")
	PrincipalURL                  = d("principal-URL")
	PropertySearch                = d("property-search")
	ApplyToPrincipalCollectionSet = d("apply-to-principal-collection-set")
	Match                         = d("match")
	Self                          = d("self")
	PrincipalProperty             = d("principal-property")
	SupportedPrivilegeSetProperty = d("supported-privilege-set")
	NumberOfMatchesWithinLimits   = d("number-of-matches-within-limits")
	ResourceElement               = d("resource")
	AllowedPrincipal              = d("allowed-principal")
	RecognizedPrincipal           = d("recognized-principal")
	Grant                         = d("grant")
	Deny                          = d("deny")
	Invert                        = d("invert")
	Protected                     = d("protected")
	GrantOnly                     = d("grant-only")
	NoInvert                      = d("no-invert")
	LimitedNumberOfACEs           = d("limited-number-of-aces")
	NotSupportedPrivilege         = d("not-supported-privilege")
	PrincipalSearchProperty       = d("principal-search-property")
	Description                   = d("description")

	// RFC 4331: quota.
	QuotaAvailableBytes        = d("quota-available-bytes")
	QuotaUsedBytes             = d("quota-used-bytes")
	QuotaNotExceeded           = d("quota-not-exceeded")
	SufficientDiskSpace        = d("sufficient-disk-space")
	CurrentUserPrincipal       = d("current-user-principal") // RFC 5397
	Unauthenticated            = d("unauthenticated")        // RFC 5397
	AddMember                  = d("add-member")             // RFC 5995
	ResourceID                 = d("resource-id")            // RFC 5842
	ParentSet                  = d("parent-set")             // RFC 5842
	SyncCollection             = d("sync-collection")        // RFC 6578
	SyncToken                  = d("sync-token")             // RFC 6578
	SyncLevel                  = d("sync-level")             // RFC 6578
	Limit                      = d("limit")                  // RFC 5323, RFC 6578
	NResults                   = d("nresults")               // RFC 5323, RFC 6578
	ValidSyncToken             = d("valid-sync-token")       // RFC 6578
	SyncTraversalSupported     = d("sync-traversal-supported")
	SupportedMethodSet         = d("supported-method-set")
	SupportedLivePropertySet   = d("supported-live-property-set")
	LockTokenMatchesRequestURI = d("lock-token-matches-request-uri")
)
