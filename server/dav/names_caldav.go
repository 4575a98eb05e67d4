package dav

// The names of RFC 4791, RFC 6638, RFC 7809, RFC 7953, RFC 7986 and RFC 8607.
var (
	// Properties, RFC 4791 sections 5.2 and 6.2.
	CalendarDescription           = c("calendar-description")
	CalendarHomeSet               = c("calendar-home-set")
	CalendarTimezone              = c("calendar-timezone")
	MaxAttendeesPerInstance       = c("max-attendees-per-instance")
	MaxDateTime                   = c("max-date-time")
	MaxInstances                  = c("max-instances")
	MaxResourceSize               = c("max-resource-size")
	MinDateTime                   = c("min-date-time")
	SupportedCalendarComponentSet = c("supported-calendar-component-set")
	SupportedCalendarData         = c("supported-calendar-data")
	SupportedCollationSet         = c("supported-collation-set")
	SupportedCollation            = c("supported-collation")
	SupportedRScaleSet            = c("supported-rscale-set") // RFC 7529 section 6
	SupportedRScale               = c("supported-rscale")

	// Elements, RFC 4791 section 9.
	CalendarCollection     = c("calendar")
	CalendarData           = c("calendar-data")
	CalendarMultiget       = c("calendar-multiget")
	CalendarQuery          = c("calendar-query")
	FreeBusyQuery          = c("free-busy-query")
	MkCalendar             = c("mkcalendar")
	MkCalendarResponse     = c("mkcalendar-response")
	AllComp                = c("allcomp")
	CalAllProp             = c("allprop")
	Comp                   = c("comp")
	CompFilter             = c("comp-filter")
	Expand                 = c("expand")
	Filter                 = c("filter")
	IsNotDefined           = c("is-not-defined")
	LimitFreeBusySet       = c("limit-freebusy-set")
	LimitRecurrenceSet     = c("limit-recurrence-set")
	ParamFilter            = c("param-filter")
	CalProp                = c("prop")
	PropFilter             = c("prop-filter")
	TextMatch              = c("text-match")
	TimeRange              = c("time-range")
	Timezone               = c("timezone")
	TimezoneID             = c("timezone-id")           // RFC 7809
	CalendarTimezoneID     = c("calendar-timezone-id")  // RFC 7809
	TimezoneServiceSet     = c("timezone-service-set")  // RFC 7809
	ValidTimezone          = c("valid-timezone")        // RFC 7809
	CalendarAvailability   = c("calendar-availability") // RFC 7953
	CalendarAlarm          = c("calendar-alarm")
	DefaultAlarmDate       = c("default-alarm-vevent-date")
	DefaultAlarmDateTime   = c("default-alarm-vevent-datetime")
	DefaultAlarmTodoDate   = c("default-alarm-vtodo-date")
	DefaultAlarmTodoTime   = c("default-alarm-vtodo-datetime")
	SupportedComponentSets = c("supported-calendar-component-sets")
	ManagedAttachmentsURL  = c("managed-attachments-server-URL") // RFC 8607
	MaxAttachmentSize      = c("max-attachment-size")            // RFC 8607
	MaxAttachments         = c("max-attachments-per-resource")   // RFC 8607

	// Conditions, RFC 4791 sections 1.3, 5.3.2.1 and 7.
	CalendarCollectionLocationOK = c("calendar-collection-location-ok")
	InitializeCalendarCollection = c("initialize-calendar-collection")
	NoUIDConflict                = c("no-uid-conflict")
	SupportedCalendarComponent   = c("supported-calendar-component")
	SupportedFilter              = c("supported-filter")
	ValidCalendarData            = c("valid-calendar-data")
	ValidCalendarObjectResource  = c("valid-calendar-object-resource")
	ValidFilter                  = c("valid-filter")

	// RFC 6638: scheduling.
	CalendarUserAddressSet  = c("calendar-user-address-set")
	CalendarUserType        = c("calendar-user-type")
	ScheduleCalendarTransp  = c("schedule-calendar-transp")
	ScheduleDefaultCalendar = c("schedule-default-calendar-URL")
	ScheduleInbox           = c("schedule-inbox")
	ScheduleInboxURL        = c("schedule-inbox-URL")
	ScheduleOutbox          = c("schedule-outbox")
	ScheduleOutboxURL       = c("schedule-outbox-URL")
	ScheduleResponse        = c("schedule-response")
	ScheduleTag             = c("schedule-tag")
	CalendarFreeBusySet     = c("calendar-free-busy-set")
	Opaque                  = c("opaque")
	Transparent             = c("transparent")
	ResponseElement         = c("response")
	Recipient               = c("recipient")
	RequestStatus           = c("request-status")
	DefaultCalendarNeeded   = c("default-calendar-needed")
	DefaultCalendarDelete   = c("default-calendar-delete-allowed")
	ValidScheduleDefault    = c("valid-schedule-default-calendar-URL")
	UniqueSchedulingObject  = c("unique-scheduling-object-resource")
	SameOrganizer           = c("same-organizer-in-all-components")
	AllowedOrganizerChange  = c("allowed-organizer-scheduling-object-change")
	AllowedAttendeeChange   = c("allowed-attendee-scheduling-object-change")
	OrganizerAllowed        = c("organizer-allowed")
	AttendeeAllowed         = c("attendee-allowed")
	ValidSchedulingMessage  = c("valid-scheduling-message")
	SupportedCollection     = c("supported-collection")
)

// The names of Apple's Calendar Server and of its clients.
var (
	AllowedSharingModes        = cs("allowed-sharing-modes")
	AllowedComponentSet        = cs("allowed-calendar-component-set")
	AutoSchedule               = cs("auto-schedule")
	AutoScheduleMode           = cs("auto-schedule-mode")
	CalendarProxyRead          = cs("calendar-proxy-read")
	CalendarProxyReadFor       = cs("calendar-proxy-read-for")
	CalendarProxyWrite         = cs("calendar-proxy-write")
	CalendarProxyWriteFor      = cs("calendar-proxy-write-for")
	CalendarServerSearch       = cs("calendarserver-principal-search")
	CSCalendarAvailability     = cs("calendar-availability")
	ChecksumVersions           = cs("checksum-versions")
	DropboxHomeURL             = cs("dropbox-home-URL")
	EmailAddress               = cs("email-address")
	EmailAddressSet            = cs("email-address-set")
	ExpandedGroupMembership    = cs("expanded-group-membership")
	ExpandedGroupMemberSet     = cs("expanded-group-member-set")
	FirstName                  = cs("first-name")
	GetCTag                    = cs("getctag")
	Invite                     = cs("invite")
	LastName                   = cs("last-name")
	MeCard                     = cs("me-card")
	Notification               = cs("notification")
	NotificationType           = cs("notificationtype")
	NotificationURL            = cs("notification-URL")
	PrePublishURL              = cs("pre-publish-url")
	PublishURL                 = cs("publish-url")
	PushKey                    = cs("pushkey")
	PushTransports             = cs("push-transports")
	RecordType                 = cs("record-type")
	ScheduleChanges            = cs("schedule-changes")
	ScheduleDefaultTasks       = cs("schedule-default-tasks-URL")
	SearchToken                = cs("search-token")
	Shared                     = cs("shared")
	SharedOwner                = cs("shared-owner")
	SharedURL                  = cs("shared-url")
	Source                     = cs("source")
	Subscribed                 = cs("subscribed")
	SubscribedStripAlarms      = cs("subscribed-strip-alarms")
	SubscribedStripAttachments = cs("subscribed-strip-attachments")
	SubscribedStripTodos       = cs("subscribed-strip-todos")
	XMPPServer                 = cs("xmpp-server")
	XMPPURI                    = cs("xmpp-uri")

	AutoProvisioned = apple("autoprovisioned")
	CalendarColor   = apple("calendar-color")
	CalendarOrder   = apple("calendar-order")
	LanguageCode    = apple("language-code")
	LocationCode    = apple("location-code")
	RefreshRate     = apple("refreshrate")

	BulkRequests = Name{Space: MobileMe, Local: "bulk-requests"}

	AddressBook          = card("addressbook")
	AddressBookHomeSet   = card("addressbook-home-set")
	CardMaxImageSize     = card("max-image-size")
	CardMaxResourceSize  = card("max-resource-size")
	CardPrincipalAddress = card("principal-address")
)

// What Nextcloud's clients know rooms by: no standard names it.
var (
	RoomSeatingCapacity = Name{Space: Nextcloud, Local: "room-seating-capacity"}
	RoomBuildingAddress = Name{Space: Nextcloud, Local: "room-building-address"}
)
