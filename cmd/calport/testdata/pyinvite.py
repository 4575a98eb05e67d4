# Two accounts of a stranger's client: one invites the other by python-caldav, who accepts out of the inbox; the time is
# changed, and the meeting is called off. Arguments: base URL, CA file, password, then user and mail address of each.
import datetime
import sys

import caldav

url, ca, password, organizer, organizer_mail, attendee, attendee_mail = sys.argv[1:]


def account(user):
    return caldav.DAVClient(url=url, username=user, password=password, ssl_verify_cert=ca).principal()


def calendar(principal):
    return next(c for c in principal.calendars() if c.name == "Calendar")


def partstat(event, mail):
    event.load()
    attendees = event.icalendar_component["attendee"]
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return next(a.params.get("PARTSTAT", "NEEDS-ACTION") for a in attendees if str(a).lower() == "mailto:" + mail)


def messages(principal, action):
    items = principal.schedule_inbox().get_items()
    for item in items:
        item.load()
    return [i for i in items if "UID:tea-by-python" in i.data and action(i)]


host, guest = account(organizer), account(attendee)
utc = datetime.timezone.utc
start = datetime.datetime(2030, 5, 6, 8, tzinfo=utc)
event = calendar(host).save_with_invites(
    """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:tea-by-python
DTSTAMP:20260101T000000Z
DTSTART:20300506T080000Z
DTEND:20300506T090000Z
SUMMARY:Tea
END:VEVENT
END:VCALENDAR
""",
    [host, guest],
)
assert partstat(event, attendee_mail) == "NEEDS-ACTION"

# An invitation lies in the inbox, and the event in the calendar.
invitations = messages(guest, lambda i: i.is_invite_request())
assert len(invitations) == 1, invitations
copy = calendar(guest).event_by_uid("tea-by-python")
assert partstat(copy, attendee_mail) == "NEEDS-ACTION"

# The reply reaches the organizer.
invitations[0].accept_invite(calendar=calendar(guest))
invitations[0].delete()
assert partstat(event, attendee_mail) == "ACCEPTED", event.data
assert len(messages(host, lambda i: "METHOD:REPLY" in i.data)) == 1

# The update asks anew, at another time.
event.load()
event.icalendar_component["dtstart"].dt = start + datetime.timedelta(hours=2)
event.icalendar_component["dtend"].dt = start + datetime.timedelta(hours=3)
event.save()
updates = messages(guest, lambda i: i.is_invite_request())
assert len(updates) == 1, updates
copy = calendar(guest).event_by_uid("tea-by-python")
assert partstat(copy, attendee_mail) == "NEEDS-ACTION", copy.data
assert copy.icalendar_component["dtstart"].dt == start + datetime.timedelta(hours=2), copy.data

# The cancellation stays visible until the guest removes it.
event.delete()
copy = calendar(guest).event_by_uid("tea-by-python")
assert str(copy.icalendar_component["status"]) == "CANCELLED", copy.data
copy.delete()
assert len(messages(host, lambda i: "METHOD:REPLY" in i.data)) == 1, "who removes what was called off declines nothing"
print("invited, answered, moved, called off")
