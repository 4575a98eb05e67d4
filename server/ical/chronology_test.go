package ical

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// icuMonths prints, of a calendar as ICU knows it, every first day of a month between two days.
const icuMonths = `
const [calendar, from, to] = [process.argv[1], Number(process.argv[2]), Number(process.argv[3])];
const format = new Intl.DateTimeFormat("en-u-ca-" + calendar, {timeZone: "UTC", year: "numeric", month: calendar === "hebrew" ? "long" : "numeric", day: "numeric"});
for (let day = from, last = "", lines = []; ; day++) {
	const parts = {};
	for (const p of format.formatToParts(new Date(day * 86400000))) parts[p.type] = p.value;
	const month = (parts.relatedYear || parts.year) + " " + parts.month.replace(" ", "-");
	if (month !== last && last !== "") lines.push(day + " " + month + " " + parts.day);
	last = month;
	if (day === to) { console.log(lines.join("\n")); break; }
}`

// hebrewNames are the names of the months by their numbers, RFC 7529 section 4.3.
var hebrewNames = map[string]string{
	"Tishri": "1", "Heshvan": "2", "Kislev": "3", "Tevet": "4", "Shevat": "5", "Adar-I": "5L", "Adar": "6", "Adar-II": "6",
	"Nisan": "7", "Iyar": "8", "Sivan": "9", "Tamuz": "10", "Av": "11", "Elul": "12",
}

// roughlyReckoned are the days of which ICU says that a Chinese month begins, and the official calendar does not: ICU
// reckons sun and moon only roughly. 1954 began on 3 February and 1917 had the leap month 2, say.
var roughlyReckoned = []string{
	"1917-03-23", "1917-04-21", "1922-06-25", "1922-07-24", "1954-02-04", "1955-02-23", "1987-07-26", "1987-08-24",
	"1999-01-18", "2012-08-18", "2018-11-07", "2027-02-07", "2030-02-02", "2070-03-13",
}

// Every month of two centuries begins when ICU says so, and is called the same.
func TestCalendarsAgreeWithICU(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CALPORT_REQUIRE_ALL") == "1" {
			t.Fatal("node is not installed, and CALPORT_REQUIRE_ALL is set")
		}
		t.Skip("node, which has ICU, is not installed")
	}
	for name, icu := range map[string]string{
		"CHINESE": "chinese", "COPTIC": "coptic", "ETHIOPIC": "ethiopic", "HEBREW": "hebrew", "INDIAN": "indian",
		"ISLAMIC-CIVIL": "islamic-civil", "ISLAMIC-TBLA": "islamic-tbla",
		"PERSIAN": "persian", "GREGORIAN": "gregory",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := civilDay(1901, 3, 1), civilDay(2098, 12, 31)
			out, err := exec.CommandContext(t.Context(), node, "-e", icuMonths, icu, fmt.Sprint(from), fmt.Sprint(to)).Output()
			if err != nil {
				t.Fatal(err)
			}
			c := chronologies[name]()
			faults, months := 0, 0
			for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
				at := strings.Fields(lines.Text())
				day, _ := strconv.Atoi(at[0])
				want := strings.Replace(at[2], "bis", "L", 1)
				if name == "HEBREW" {
					want = hebrewNames[at[2]]
				}
				want = strings.Join([]string{at[1], want, at[3]}, " ")
				months++
				year, month, dom := civilDate(day)
				date := fmt.Sprintf("%d-%02d-%02d", year, month, dom)
				if name == "CHINESE" && slices.Contains(roughlyReckoned, date) {
					continue
				}
				if got := written(c, day); got != want {
					if faults++; faults < 5 {
						t.Errorf("%s is %s, want %s", date, got, want)
					}
				}
			}
			if months < 1500 || faults > 0 {
				t.Errorf("%d of %d months are wrong", faults, months)
			}
		})
	}
}

// written is a day as the calendar writes it: year, number of the month, day.
func written(c chronology, day int) string {
	year, month, dayOfMonth := c.date(day)
	number, leap := c.name(year, month)
	mark := ""
	if leap {
		mark = "L"
	}
	return fmt.Sprintf("%d %d%s %d", year, number, mark, dayOfMonth)
}

// In each calendar the days follow each other, and what the parts of a chronology say is the same.
func TestCalendarsAreConsistent(t *testing.T) {
	for _, name := range RScales() {
		t.Run(name, func(t *testing.T) {
			c := chronologies[name]()
			from, to := c.years()
			low, high := max(c.first(from, 1), civilDay(1880, 1, 1)), min(c.first(to, 1)-1, civilDay(2120, 1, 1))
			year, month, dom := c.date(low)
			firstYear, firstMonth, n := year, month, 0
			for day := low; day < high; day++ {
				if y, m, d := c.date(day); y != year || m != month || d != dom || c.first(y, m)+d-1 != day {
					t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", day, y, m, d, year, month, dom)
				}
				if dom++; c.first(year, month)+dom-1 < c.first(year, month+1) {
					continue
				}
				number, leap := c.name(year, month)
				if got := c.place(year, number, leap); got != month {
					t.Fatalf("month %d of %d is called %d, %v, which is month %d", month, year, number, leap, got)
				}
				if dom, month, n = 1, month+1, n+1; month > c.months(year) {
					year, month = year+1, 1
				}
				if y, m := c.plus(firstYear, firstMonth, n); y != year || m != month {
					t.Fatalf("%d months after %d-%d comes %d-%d, want %d-%d", n, firstYear, firstMonth, y, m, year, month)
				}
				if got := c.since(year, month, firstYear, firstMonth); got != n {
					t.Fatalf("%d-%d is %d months after %d-%d, want %d", year, month, got, firstYear, firstMonth, n)
				}
			}
		})
	}
}

// The last years that can be computed can be, and the next are said not to be.
func TestCalendarsEnd(t *testing.T) {
	for _, name := range RScales() {
		c := chronologies[name]()
		from, to := c.years()
		for _, year := range []int{from, from + 1, to - 1, to} {
			for month := range c.months(year) {
				day := c.first(year, month+1)
				if y, m, d := c.date(day); y != year || m != month+1 || d != 1 {
					t.Errorf("%s %d-%d-1: got %d-%d-%d", name, year, month+1, y, m, d)
				}
			}
		}
		end := c.first(to, c.months(to)+1)
		if limit := civilDay(lastYear+1, 1, 1); end > limit+400 {
			t.Errorf("%s: the last year ends %d days after all dates", name, end-limit)
		}
		if y, _, _ := c.date(end); y != to+1 {
			t.Errorf("%s: the day after the last is in %d, want %d", name, y, to+1)
		}
	}
	if !slices.Contains(RScales(), "GREGORIAN") {
		t.Error("the calendar of RFC 5545 is missing")
	}
}
