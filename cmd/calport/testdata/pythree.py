# Three accounts of a stranger's client and a room: a series of which one declines an instance, free/busy, a room that is
# taken, and a delegate who invites and answers in another's name, as Calendar does. Arguments: base URL, CA file, password.
import datetime
import sys
import time
import xml.etree.ElementTree as tree

import caldav

url, ca, password = sys.argv[1:]
year = str(datetime.date.today().year + 1)  # rooms do not decide about what is too far ahead
mail = {"ada": "ada.byron@example.org", "grace": "grace.murray@example.org", "linus": "linus.bergstrom@example.org",
        "turing": "room-turing@example.org"}


def client(user):
    return caldav.DAVClient(url=url, username=user, password=password, ssl_verify_cert=ca)


clients = {user: client(user) for user in ("ada", "grace", "linus")}
principals = {user: c.principal() for user, c in clients.items()}


def calendar(user):
    return next(c for c in principals[user].calendars() if c.name == "Calendar")


calendars = {user: calendar(user) for user in principals}


def invitation(uid, organizer, start, end, *attendees, rule="", sent_by=""):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", "BEGIN:VEVENT", "UID:" + uid, "DTSTAMP:20260101T000000Z",
             "DTSTART:" + start, "DTEND:" + end, "SUMMARY:" + uid]
    lines += ["RRULE:" + rule] if rule else []
    lines += ["ORGANIZER" + (';SENT-BY="mailto:' + sent_by + '"' if sent_by else "") + ":mailto:" + mail[organizer]]
    lines += ["ATTENDEE;PARTSTAT=ACCEPTED:mailto:" + mail[organizer]]
    lines += ["ATTENDEE:mailto:" + mail[a] for a in attendees]
    return "\r\n".join(lines + ["END:VEVENT", "END:VCALENDAR", ""])


def partstats(event, who):
    """What somebody answered, by RECURRENCE-ID; None is the series."""
    event.load()
    found = {}
    for c in event.icalendar_instance.walk("VEVENT"):
        attendees = c.get("attendee", [])
        for a in attendees if isinstance(attendees, list) else [attendees]:
            if mail[who] in (str(a).lower().removeprefix("mailto:"), a.params.get("EMAIL")):
                at = c.get("recurrence-id")
                found[at and at.dt.strftime("%Y%m%d")] = a.params.get("PARTSTAT", "NEEDS-ACTION")
    return found


def answer(event, who, partstat):
    event.load()
    for c in event.icalendar_instance.walk("VEVENT"):
        attendees = c["attendee"]
        for a in attendees if isinstance(attendees, list) else [attendees]:
            if str(a).lower() == "mailto:" + mail[who]:
                a.params["PARTSTAT"] = partstat
    event.save()


def until(what, holds):
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(what)


# A series with two people and a room: the room has answered when the PUT returns.
series = calendars["ada"].save_event(
    invitation("series", "ada", year + "0506T080000Z", year + "0506T090000Z", "grace", "linus", "turing", rule="FREQ=DAILY;COUNT=5"))
assert partstats(series, "turing") == {None: "ACCEPTED"}, series.data
assert partstats(series, "grace") == {None: "NEEDS-ACTION"}, series.data

# One accepts all of it, the other declines an instance of it: each hears of the other.
graces = calendars["grace"].event_by_uid("series")
answer(graces, "grace", "ACCEPTED")
linuss = calendars["linus"].event_by_uid("series")
answer(linuss, "linus", "ACCEPTED")
linuss.load()
head, master = linuss.data.replace("\r\n", "\n").split("BEGIN:VEVENT\n", 1)
master = master[:master.index("END:VEVENT")]
kept = [line for line in master.replace("\n ", "").split("\n") if not line.startswith(("RRULE", "DTSTART", "DTEND"))]
kept = [line.replace("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED") if mail["linus"] in line else line for line in kept]
override = ["RECURRENCE-ID:" + year + "0508T080000Z", "DTSTART:" + year + "0508T080000Z", "DTEND:" + year + "0508T090000Z"] + [line for line in kept if line]
linuss.data = "\r\n".join((head + "BEGIN:VEVENT\n" + master + "END:VEVENT").split("\n") + ["BEGIN:VEVENT"] + override + ["END:VEVENT", "END:VCALENDAR", ""])
linuss.save()
assert partstats(series, "grace") == {None: "ACCEPTED", year + "0508": "ACCEPTED"}, series.data
assert partstats(series, "linus") == {None: "ACCEPTED", year + "0508": "DECLINED"}, series.data
until("grace hears of linus", lambda: partstats(graces, "linus") == {None: "ACCEPTED", year + "0508": "DECLINED"})

# Whoever wants the room at the same time does not get it, but at another.
for uid, hour, want in (("same-time", "083000", "DECLINED"), ("other-time", "120000", "ACCEPTED")):
    other = calendars["grace"].save_event(invitation(uid, "grace", year + "0507T" + hour + "Z", year + "0507T130000Z", "turing"))
    assert partstats(other, "turing") == {None: want}, other.data

# Free and busy: who declined is free.
busy = clients["ada"].post(
    str(principals["ada"].schedule_outbox().url),
    "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:busy", "DTSTAMP:20260101T000000Z",
                 "DTSTART:" + year + "0508T000000Z", "DTEND:" + year + "0509T000000Z", "ORGANIZER:mailto:" + mail["ada"]] +
                ["ATTENDEE:mailto:" + mail[a] for a in ("grace", "linus", "turing")] + ["END:VFREEBUSY", "END:VCALENDAR", ""]),
    {"Content-Type": "text/calendar; charset=utf-8"}).raw
answers = tree.fromstring(busy)
times = {}
for r in answers.iter("{urn:ietf:params:xml:ns:caldav}response"):
    who = r.find("{urn:ietf:params:xml:ns:caldav}recipient/{DAV:}href").text
    times[who] = "FREEBUSY" in r.find("{urn:ietf:params:xml:ns:caldav}calendar-data").text.replace("VFREEBUSY", "")
assert times == {"mailto:" + mail["grace"]: True, "mailto:" + mail["linus"]: False, "mailto:" + mail["turing"]: True}, busy

# Ada lets Linus work for her, by the request that Calendar sends; he finds her as Calendar asks.
ada, linus = str(principals["ada"].url), str(principals["linus"].url)
made = clients["ada"].proppatch(ada + "calendar-proxy-write/", """<?xml version="1.0" encoding="utf-8"?>
<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:group-member-set><D:href>%s</D:href></D:group-member-set></D:prop></D:set></D:propertyupdate>""" % linus)
assert b"200" in made.raw, made.raw
expanded = clients["linus"].report(linus, """<?xml version="1.0" encoding="utf-8"?>
<A:expand-property xmlns:A="DAV:"><A:property name="calendar-proxy-write-for" namespace="http://calendarserver.org/ns/">
<A:property name="displayname" namespace="DAV:"/><A:property name="calendar-user-address-set" namespace="urn:ietf:params:xml:ns:caldav"/>
</A:property></A:expand-property>""", 0).raw
assert mail["ada"].encode() in expanded, expanded

# He invites in her name, and says that it was he; he answers in her name, too.
adas = clients["linus"].calendar(url=calendars["ada"].url)
delegated = adas.save_event(invitation("delegated", "ada", year + "0513T080000Z", year + "0513T090000Z", "grace", sent_by=mail["linus"]))
copy = calendars["grace"].event_by_uid("delegated")
organizer = copy.icalendar_component["organizer"]
assert str(organizer).lower() == "mailto:" + mail["ada"] and organizer.params["SENT-BY"].lower() == "mailto:" + mail["linus"], copy.data
wanted = calendars["grace"].save_event(invitation("wanted", "grace", year + "0514T080000Z", year + "0514T090000Z", "ada"))
answer(adas.event_by_uid("wanted"), "ada", "ACCEPTED")
assert partstats(wanted, "ada") == {None: "ACCEPTED"}, wanted.data

# Who is no delegate any more may not.
clients["ada"].proppatch(ada + "calendar-proxy-write/", """<?xml version="1.0" encoding="utf-8"?>
<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:group-member-set/></D:prop></D:set></D:propertyupdate>""")
try:
    adas.save_event(invitation("late", "ada", year + "0515T080000Z", year + "0515T090000Z", "grace"))
except caldav.lib.error.DAVError:
    pass
else:
    raise AssertionError("a former delegate invites")
print("invited, answered, declined one, booked, delegated")
