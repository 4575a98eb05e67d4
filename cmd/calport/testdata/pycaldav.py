# A stranger's client walks an account: python-caldav discovers it from the bare base URL, makes a calendar, stores,
# finds, changes, synchronises and removes events. Arguments: base URL, CA file, user, password.
import datetime
import sys

import caldav

url, ca, user, password = sys.argv[1:]
client = caldav.DAVClient(url=url, username=user, password=password, ssl_verify_cert=ca)
principal = client.principal()
names = {c.name: c for c in principal.calendars()}
assert {"Calendar", "Tasks"} <= set(names), names

calendar = principal.make_calendar(name="Läufe & Rennen", cal_id="runs", supported_calendar_component_set=["VEVENT"])
utc = datetime.timezone.utc
event = calendar.save_event(
    dtstart=datetime.datetime(2026, 5, 4, 8, tzinfo=utc),
    dtend=datetime.datetime(2026, 5, 4, 9, tzinfo=utc),
    summary="Früh am Fluß",
    rrule={"FREQ": "WEEKLY", "COUNT": 10},
)
token = calendar.objects_by_sync_token()
assert len(list(token)) == 1, list(token)

found = calendar.search(start=datetime.datetime(2026, 6, 1, tzinfo=utc), end=datetime.datetime(2026, 6, 2, tzinfo=utc), event=True)
assert [str(e.icalendar_component["summary"]) for e in found] == ["Früh am Fluß"], found
missed = calendar.search(start=datetime.datetime(2026, 6, 2, tzinfo=utc), end=datetime.datetime(2026, 6, 3, tzinfo=utc), event=True)
assert not missed, missed
expanded = calendar.search(start=datetime.datetime(2026, 5, 1, tzinfo=utc), end=datetime.datetime(2026, 7, 1, tzinfo=utc), event=True, expand=True)
assert len(expanded) >= 9, len(expanded)

event.icalendar_component["summary"] = "Spät am See"
event.save()
second = calendar.save_event(dtstart=datetime.date(2026, 8, 1), dtend=datetime.date(2026, 8, 2), summary="Ruhetag")
updated, deleted = token.sync()
assert len(list(updated)) == 2 and not list(deleted), (updated, deleted)
second.delete()
updated, deleted = token.sync()
assert not list(updated) and len(list(deleted)) == 1, (updated, deleted)
assert "Spät am See" in calendar.event_by_url(event.url).data

tasks = names["Tasks"]
todo = tasks.save_todo(summary="Schuhe kaufen", due=datetime.datetime(2026, 5, 3, 18, tzinfo=utc))
assert len(tasks.todos()) == 1
todo.complete()
assert not tasks.todos()
todo.delete()

calendar.delete()
assert "runs" not in [c.url.path.strip("/").split("/")[-1] for c in principal.calendars()]
print("walked", client.url)
