// A stranger's client walks an account: tsdav discovers it from the bare base URL, makes a calendar, stores, finds,
// expands, changes, synchronises and removes events, and meets conflicts. Arguments: base URL, user, password.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const tsdav = createRequire(process.env.TSDAV_FOLDER + '/')('tsdav');
const [serverUrl, username, password] = process.argv.slice(2);

const client = new tsdav.DAVClient({
  serverUrl, credentials: { username, password }, authMethod: 'Basic', defaultAccountType: 'caldav',
});
await client.login();
const named = async () => Object.fromEntries((await client.fetchCalendars()).map((c) => [c.displayName, c]));
assert.ok('Calendar' in (await named()) && 'Tasks' in (await named()));

const url = new URL('ts%C3%A4g/', client.account.homeUrl).href;
await client.makeCalendar({ url, props: { displayname: 'Läufe & Rennen' } });
let calendar = (await named())['Läufe & Rennen'];
assert.ok(calendar, 'the new calendar is listed');

const event = (uid, start, summary, more = '') => [
  'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tsdav//test//EN', 'BEGIN:VEVENT', `UID:${uid}`, 'DTSTAMP:20260101T000000Z',
  `DTSTART:${start}`, 'DURATION:PT1H', `SUMMARY:${summary}`, ...(more ? [more] : []), 'END:VEVENT', 'END:VCALENDAR', '',
].join('\r\n');
const create = (uid, start, summary, more) =>
  client.createCalendarObject({ calendar, filename: `${uid}.ics`, iCalString: event(uid, start, summary, more) });

assert.equal((await create('run', '20260504T080000Z', 'Früh am Fluß', 'RRULE:FREQ=WEEKLY;COUNT=10')).status, 201);
assert.equal((await create('rest', '20260801T080000Z', 'Ruhetag')).status, 201);
assert.equal((await create('rest', '20260801T080000Z', 'Noch einmal')).status, 412, 'what is there is not made again');

const all = await client.fetchCalendarObjects({ calendar });
assert.equal(all.length, 2);
const range = (start, end) => ({ start: `2026-${start}T00:00:00Z`, end: `2026-${end}T00:00:00Z` });
const found = await client.fetchCalendarObjects({ calendar, timeRange: range('06-01', '06-02') });
assert.equal(found.length, 1);
assert.match(found[0].data, /SUMMARY:Früh am Fluß/);
assert.equal((await client.fetchCalendarObjects({ calendar, timeRange: range('06-02', '06-03') })).length, 0);
const expanded = await client.fetchCalendarObjects({ calendar, timeRange: range('05-01', '07-01'), expand: true });
assert.equal(expanded[0].data.match(/BEGIN:VEVENT/g).length, 9);
assert.ok(!expanded[0].data.includes('RRULE'));

// Synchronised by token: here and by another client of the same account.
calendar = { ...calendar, objects: all, objectMultiGet: tsdav.calendarMultiGet };
calendar = await client.smartCollectionSync({ collection: calendar, method: 'webdav' });
const other = new tsdav.DAVClient({
  serverUrl, credentials: { username, password }, authMethod: 'Basic', defaultAccountType: 'caldav',
});
await other.login();
const theirs = (await other.fetchCalendarObjects({ calendar })).find((o) => o.url.endsWith('/run.ics'));
const changed = await other.updateCalendarObject({
  calendarObject: { ...theirs, data: event('run', '20260504T180000Z', 'Spät am See') },
});
assert.equal(changed.status, 204);
const rest = all.find((o) => o.url.endsWith('/rest.ics'));
assert.equal((await other.deleteCalendarObject({ calendarObject: rest })).status, 204);
const { created, updated, deleted } = (await client.smartCollectionSync({ collection: calendar, method: 'webdav', detailedResult: true })).objects;
assert.deepEqual([created.length, updated.length, deleted.length], [0, 1, 1]);
assert.match(updated[0].data, /SUMMARY:Spät am See/);

// A conflict: what was read before the other's change can neither be written nor removed.
const stale = all.find((o) => o.url.endsWith('/run.ics'));
assert.equal((await client.updateCalendarObject({ calendarObject: { ...stale, data: event('run', '20260504T080000Z', 'Verloren') } })).status, 412);
assert.equal((await client.deleteCalendarObject({ calendarObject: stale })).status, 412);
const [kept] = await client.fetchCalendarObjects({ calendar });
assert.match(kept.data, /SUMMARY:Spät am See/);

assert.equal((await client.deleteObject({ url })).status, 204);
assert.ok(!('Läufe & Rennen' in (await named())));
console.log('walked', client.account.homeUrl);
