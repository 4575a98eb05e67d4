# Two devices of one account, by python-caldav: what was read before the other's change is neither written nor removed, a
# UID is once in a home, and a sync token of another calendar is refused. Arguments: base URL, CA file, user, password.
import sys

import caldav
from caldav.lib import error

url, ca, user, password = sys.argv[1:]


class Device:
    """A device with its own connection and its own view of the calendar."""

    def __init__(self):
        self.client = caldav.DAVClient(url=url, username=user, password=password, ssl_verify_cert=ca)
        self.calendar = next(c for c in self.client.principal().calendars() if c.name == "Calendar")

    def event(self):
        return self.calendar.event_by_url(self.calendar.url.join("race.ics"))

    def put(self, event, etag):
        """Write an event if the server still has it as it was read."""
        headers = {"Content-Type": "text/calendar", "If-Match": etag}
        return self.client.put(str(event.url), event.data, headers).status


def etag(event):
    event.load()
    return event.props["{DAV:}getetag"]


DATA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:race
DTSTAMP:20260101T000000Z
DTSTART:20300506T080000Z
DTEND:20300506T090000Z
SUMMARY:First
END:VEVENT
END:VCALENDAR
"""

phone, laptop = Device(), Device()
phone.client.put(str(phone.calendar.url.join("race.ics")), DATA, {"Content-Type": "text/calendar", "If-None-Match": "*"})
token = laptop.calendar.objects_by_sync_token()
on_phone, on_laptop = phone.event(), laptop.event()
stale = etag(on_phone)
assert stale == etag(on_laptop)

# The laptop is first.
on_laptop.icalendar_component["summary"] = "By the laptop"
assert laptop.put(on_laptop, stale) == 204
on_phone.icalendar_component["summary"] = "By the phone"
assert phone.put(on_phone, stale) == 412, "written over the laptop's"
assert "By the laptop" in laptop.event().data

# Who was late reads it again, and then may.
fresh = etag(on_phone)
assert fresh != stale and "By the laptop" in on_phone.data
on_phone.icalendar_component["summary"] = "By both"
assert phone.put(on_phone, fresh) == 204
updated, deleted = token.sync()  # of the sample meetings there may be answers of others
assert on_phone.url in [e.url for e in updated] and not list(deleted), (updated, deleted)

# Removing what has changed since is refused too.
assert laptop.client.request(str(on_laptop.url), "DELETE", "", {"If-Match": stale}).status == 412
assert "By both" in phone.event().data

# The library itself looks before it writes, and the server refuses what it does not look for.
try:
    laptop.calendar.save_event(DATA, no_overwrite=True)
    assert False, "made again"
except error.ConsistencyError:
    pass
created = laptop.client.put(str(laptop.calendar.url.join("race.ics")), DATA, {"Content-Type": "text/calendar", "If-None-Match": "*"})
assert created.status == 412, created.status
other = laptop.client.principal().make_calendar(name="Other", supported_calendar_component_set=["VEVENT"])
try:
    other.save_event(DATA)
    assert False, "the UID is twice in a home"
except error.AuthorizationError:  # the library's name for 403
    pass
assert not list(other.objects())

# A token of one calendar says nothing of another.
try:
    other.objects_by_sync_token(token.sync_token)
    assert False, "a foreign token was taken"
except error.AuthorizationError:
    pass

# Removed by one device, it is gone for the other.
laptop.event().delete()
try:
    on_phone.load()
    assert False, "still there"
except error.NotFoundError:
    pass
updated, deleted = token.sync()
assert on_phone.url not in [e.url for e in updated] and [e.url for e in deleted] == [on_phone.url], (updated, deleted)
assert phone.put(on_phone, fresh) == 412, "brought back by accident"
other.delete()
print("settled at", url)
