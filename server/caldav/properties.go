package caldav

import "calport/server/dav"

// What a listing must read of each item beyond its row in the index.
const (
	needsFacts dav.Needs = 1 << iota // sizes, dates, component
	needsData                        // the bytes
	needsBag                         // the stored properties, where a live one is among them
)

// properties lists every live property this server has. PROPFIND, PROPPATCH, MKCALENDAR, MKCOL and the reports are
// driven by it; to support another property, add a row. What Apple's clients ask for and finds no row here is answered
// 404, which is what they want where the thing behind it does not exist.
var properties = dav.Table[*resource]{
	// WebDAV, RFC 4918 section 15
	{Name: dav.CreationDate, On: inHome, All: true, Needs: needsFacts, Get: getCreationDate},
	{Name: dav.DisplayName, On: principals, All: true, Get: getFullName},
	{Name: dav.DisplayName, On: home, All: true, Get: getHomeName, Set: keep(dav.DisplayName)},
	{Name: dav.DisplayName, On: collections, All: true, Get: getStored, Set: keep(dav.DisplayName)},
	{Name: dav.GetContentLength, On: inHome, All: true, Needs: needsFacts, Get: getContentLength},
	{Name: dav.GetContentType, On: inHome, All: true, Get: getContentType},
	{Name: dav.GetETag, On: inHome, All: true, Get: getETag},
	{Name: dav.GetLastModified, On: inHome, All: true, Needs: needsFacts, Get: getLastModified},
	{Name: dav.ResourceType, On: everything, All: true, Get: getResourceType, Make: makeResourceType},

	// Reports, RFC 3253 section 3.1.5
	{Name: dav.SupportedReportSet, On: everything, Get: getSupportedReportSet},

	// Access control, RFC 3744 sections 4 and 5
	{Name: dav.AlternateURISet, On: principals, Get: getAlternateURISet},
	{Name: dav.PrincipalURL, On: principals, Get: getPrincipalURL},
	{Name: dav.GroupMemberSet, On: proxies, Get: getGroupMemberSet, Set: setProxyMembers},
	{Name: dav.GroupMemberSet, On: principal, Get: getGroupMemberSet},
	{Name: dav.GroupMembership, On: principals, Get: getGroupMembership},
	{Name: dav.Owner, On: inHome | principals, Get: getOwner},
	{Name: dav.SupportedPrivilegeSetProperty, On: everything, Get: getSupportedPrivilegeSet},
	{Name: dav.CurrentUserPrivilegeSet, On: everything, Get: getCurrentUserPrivilegeSet},
	{Name: dav.ACL, On: everything, Get: getACL},
	{Name: dav.ACLRestrictions, On: everything, Get: getACLRestrictions},
	{Name: dav.InheritedACLSet, On: everything, Get: getInheritedACLSet},
	{Name: dav.PrincipalCollectionSet, On: everything, Get: getPrincipalCollectionSet},

	// RFC 4331, RFC 5397, RFC 5842, RFC 6578
	{Name: dav.QuotaAvailableBytes, On: home | collections, Get: getQuotaAvailable},
	{Name: dav.QuotaUsedBytes, On: home | collections, Get: getQuotaUsed},
	{Name: dav.CurrentUserPrincipal, On: everything, Get: getCurrentUserPrincipal},
	{Name: dav.ResourceID, On: principal | collections, Get: getResourceID},
	{Name: dav.SyncToken, On: home | collections, Get: getSyncToken},

	// RFC 5995 section 3.2
	{Name: dav.AddMember, On: calendar, Get: getAddMember},

	// CalDAV, RFC 4791 section 5.2: calendars
	{Name: dav.CalendarDescription, On: collections, Get: getStored, Set: keep(dav.CalendarDescription)},
	{Name: dav.CalendarTimezone, On: home | collections, Get: getTimezone, Set: setTimezone},
	// … time zones by reference, RFC 7809 sections 5.1 and 5.2
	{Name: dav.CalendarTimezoneID, On: home | collections, Get: getTimezoneID, Set: setTimezoneID},
	{Name: dav.TimezoneServiceSet, On: home | calendar, Get: getTimezoneServiceSet},
	// … rules of other calendars, RFC 7529 section 6
	{Name: dav.SupportedRScaleSet, On: calendar | inbox, Get: getSupportedRScaleSet},
	{Name: dav.SupportedCalendarComponentSet, On: calendar | subscription | inbox, Get: getComponentSet, Make: makeComponentSet},
	{Name: dav.SupportedCalendarData, On: calendar | inbox, Get: getSupportedCalendarData},
	{Name: dav.MaxResourceSize, On: calendar | inbox, Get: getMaxResourceSize},
	{Name: dav.MinDateTime, On: calendar | inbox, Get: getMinDateTime},
	{Name: dav.MaxDateTime, On: calendar | inbox, Get: getMaxDateTime},
	{Name: dav.MaxInstances, On: calendar | inbox, Get: getMaxInstances},
	{Name: dav.MaxAttendeesPerInstance, On: principal | home | calendar | inbox | outbox, Get: getMaxAttendees},
	// … sections 7.5.1 and 9.6: reports
	{Name: dav.SupportedCollationSet, On: calendar | inbox, Get: getSupportedCollationSet},
	{Name: dav.CalendarData, On: object | message, Hidden: true, Needs: needsData, Get: getCalendarData},
	// … section 6.2.1: principals
	{Name: dav.CalendarHomeSet, On: principal, Get: getCalendarHomeSet},

	// CardDAV, RFC 6352 section 7.1.1
	{Name: dav.AddressBookHomeSet, On: principal, Get: getAddressBookHomeSet},

	// Scheduling, RFC 6638 sections 2, 3.2 and 9
	{Name: dav.ScheduleOutboxURL, On: principal, Get: getScheduleOutboxURL},
	{Name: dav.ScheduleInboxURL, On: principal, Get: getScheduleInboxURL},
	{Name: dav.CalendarUserAddressSet, On: principal, Get: getCalendarUserAddressSet},
	{Name: dav.CalendarUserType, On: principal, Get: getCalendarUserType},
	{Name: dav.ScheduleCalendarTransp, On: calendar | subscription, Get: getTransp, Set: setTransp},
	{Name: dav.ScheduleDefaultCalendar, On: inbox, Get: getDefaultCalendar, Set: setDefaultCalendar},
	{Name: dav.CalendarFreeBusySet, On: inbox, Get: getFreeBusySet, Set: setFreeBusySet},
	{Name: dav.ScheduleTag, On: object, Needs: needsFacts, Get: getScheduleTag},

	{Name: dav.ScheduleChanges, On: message, Needs: needsBag, Get: getStored}, // Apple's caldav-schedulingchanges

	// Availability, RFC 7953 section 7.2.4, and Apple's name for it
	{Name: dav.CalendarAvailability, On: inbox, Get: getStored, Set: setAvailability(dav.CalendarAvailability)},
	{Name: dav.CSCalendarAvailability, On: inbox, Get: getStored, Set: setAvailability(dav.CSCalendarAvailability)},

	// Default alarms (draft-daboo-valarm-extensions)
	{Name: dav.DefaultAlarmDateTime, On: home | calendar, Get: getStored, Set: keep(dav.DefaultAlarmDateTime)},
	{Name: dav.DefaultAlarmDate, On: home | calendar, Get: getStored, Set: keep(dav.DefaultAlarmDate)},
	{Name: dav.DefaultAlarmTodoTime, On: home | calendar, Get: getStored, Set: keep(dav.DefaultAlarmTodoTime)},
	{Name: dav.DefaultAlarmTodoDate, On: home | calendar, Get: getStored, Set: keep(dav.DefaultAlarmTodoDate)},

	// Calendar Server: home and collections
	{Name: dav.SupportedComponentSets, On: home, Get: getComponentSets},
	{Name: dav.GetCTag, On: home | collections, Get: getCTag},
	{Name: dav.ScheduleDefaultTasks, On: inbox, Get: getDefaultTasks, Set: setDefaultTasks},
	{Name: dav.Source, On: calendar | subscription, Get: getStored, Set: keep(dav.Source)},
	{Name: dav.SubscribedStripAlarms, On: calendar | subscription, Get: getStored, Set: keep(dav.SubscribedStripAlarms)},
	{Name: dav.SubscribedStripAttachments, On: calendar | subscription, Get: getStored, Set: keep(dav.SubscribedStripAttachments)},
	{Name: dav.SubscribedStripTodos, On: calendar | subscription, Get: getStored, Set: keep(dav.SubscribedStripTodos)},

	// … principals
	{Name: dav.EmailAddressSet, On: principal, Get: getEmailAddressSet},
	{Name: dav.FirstName, On: principal, Get: getFirstName},
	{Name: dav.LastName, On: principal, Get: getLastName},
	{Name: dav.RecordType, On: principals, Get: getRecordType},
	{Name: dav.NotificationURL, On: principal, Get: getNotificationURL},
	{Name: dav.AutoSchedule, On: principal, Get: getAutoSchedule},
	{Name: dav.AutoScheduleMode, On: principal, Get: getAutoScheduleMode},
	{Name: dav.RoomSeatingCapacity, On: principal, Get: getCapacity},
	{Name: dav.RoomBuildingAddress, On: principal, Get: getLocation},
	{Name: dav.CalendarProxyReadFor, On: principal, Get: getProxyReadFor},
	{Name: dav.CalendarProxyWriteFor, On: principal, Get: getProxyWriteFor},
	{Name: dav.ExpandedGroupMemberSet, On: principals, Get: getExpandedGroupMemberSet},
	{Name: dav.ExpandedGroupMembership, On: principals, Get: getExpandedGroupMembership},

	// Apple's clients
	{Name: dav.CalendarColor, On: home | collections, Get: getStored, Set: keep(dav.CalendarColor)},
	{Name: dav.CalendarOrder, On: home | collections, Get: getStored, Set: keep(dav.CalendarOrder)},
	{Name: dav.BulkRequests, On: calendar, Get: getBulkRequests},
	{Name: dav.RefreshRate, On: calendar | subscription, Get: getStored, Set: keep(dav.RefreshRate)},
}
