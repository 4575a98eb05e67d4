package demo

// person is a row of the sample organisation's people.
type person struct {
	uid, first, last string
	mail             string // local part of the preferred address; uid is the alias
	title, mobile    string
	unit             string // short name of the group that the person belongs to
	language         string
}

// people work at a small software house that also teaches. Their names are those that software gets wrong: beyond
// ASCII, beyond Latin, from right to left, with combining marks, apostrophes and more than two parts.
var people = []person{
	{uid: Admin, first: "Alex", last: "Keeper", mail: "alex.keeper", title: "Administrator", unit: "office", language: "en"},
	{uid: "ada", first: "Ada", last: "Byron", mail: "ada.byron", title: "Head of Engineering", mobile: "+44 20 7946 0101", unit: "engineering", language: "en"},
	{uid: "grace", first: "Grace", last: "Murray", mail: "grace.murray", title: "Lead, Compilers", mobile: "+1 202 555 0102", unit: "compilers", language: "en"},
	{uid: "linus", first: "Linus", last: "Bergström", mail: "linus.bergstrom", title: "Lead, Systems", mobile: "+358 45 5550103", unit: "systems", language: "sv-FI"},
	{uid: "zoë", first: "Zoë", last: "Vermeulen", mail: "zoe.vermeulen", title: "Head of Design", mobile: "+32 470 55 01 04", unit: "design", language: "nl"},
	{uid: "jose", first: "José", last: "Álvarez Núñez", mail: "jose.alvarez", title: "Compiler Engineer", mobile: "+34 600 555 105", unit: "compilers", language: "es"},
	{uid: "tanaka", first: "陽子", last: "田中", mail: "tanaka.yoko", title: "Compiler Engineer", mobile: "+81 90 5555 0106", unit: "compilers", language: "ja"},
	{uid: "anders", first: "Anders", last: "Ærøskøbing", mail: "anders.aeroskobing", title: "Systems Engineer", mobile: "+45 20 55 01 07", unit: "systems", language: "da"},
	{uid: "malgorzata", first: "Małgorzata", last: "Wiśniewska", mail: "malgorzata.wisniewska", title: "Systems Engineer", mobile: "+48 500 555 108", unit: "systems", language: "pl"},
	{uid: "dmitri", first: "Дмитрий", last: "Соколов", mail: "dmitri.sokolov", title: "Compiler Engineer", unit: "compilers", language: "ru"},
	{uid: "eleni", first: "Ελένη", last: "Παπαδοπούλου", mail: "eleni.papadopoulou", title: "Network Engineer", mobile: "+30 690 555 0110", unit: "networks", language: "el"},
	{uid: "noa", first: "נועה", last: "לוי", mail: "noa.levi", title: "Lead, Networks", mobile: "+972 50 555 0111", unit: "networks", language: "he"},
	{uid: "layla", first: "ليلى", last: "حداد", mail: "layla.haddad", title: "Designer", mobile: "+962 7 9555 0112", unit: "design", language: "ar"},
	{uid: "francois", first: "François", last: "Lefèvre", mail: "francois.lefevre", title: "Designer", mobile: "+33 6 55 50 01 13", unit: "design", language: "fr"},
	{uid: "siobhan", first: "Siobhán", last: "Ní Bhriain", mail: "siobhan.nibhriain", title: "Head of Teaching", mobile: "+353 85 555 0114", unit: "teaching", language: "ga"},
	{uid: "tomas", first: "Tomáš", last: "Dvořák", mail: "tomas.dvorak", title: "Teacher, Mathematics", unit: "teaching", language: "cs"},
	{uid: "ayse", first: "Ayşe", last: "Yıldız", mail: "ayse.yildiz", title: "Teacher, Programming", mobile: "+90 530 555 0116", unit: "teaching", language: "tr"},
	{uid: "hoa", first: "Thị Hoa", last: "Nguyễn", mail: "hoa.nguyen", title: "Network Engineer", mobile: "+84 90 555 0117", unit: "networks", language: "vi"},
	{uid: "priya", first: "Priya", last: "Raman", mail: "priya.raman", title: "Systems Engineer", mobile: "+91 98 5555 0118", unit: "systems", language: "ta"},
	{uid: "kwame", first: "Kwame", last: "Mensah", mail: "kwame.mensah", title: "Compiler Engineer", mobile: "+233 20 555 0119", unit: "compilers", language: "en-GH"},
	{uid: "ines", first: "Inês", last: "Carvalho", mail: "ines.carvalho", title: "Accountant", mobile: "+351 910 555 120", unit: "office", language: "pt"},
	{uid: "jurgen", first: "Jürgen", last: "Groß", mail: "juergen.gross", title: "Facilities", mobile: "+49 151 5550121", unit: "office", language: "de"},
	{uid: "sigridur", first: "Sigríður", last: "Jónsdóttir", mail: "sigridur.jonsdottir", title: "Designer", unit: "design", language: "is"},
	{uid: "mei", first: "美", last: "王", mail: "wang.mei", title: "Systems Engineer", mobile: "+86 130 5555 0123", unit: "systems", language: "zh"},
	{uid: "seun", first: "Olúwaṣeun", last: "Adébáyọ̀", mail: "seun.adebayo", title: "Network Engineer", mobile: "+234 803 555 0124", unit: "networks", language: "yo"},
	{uid: "tim", first: "Tim", last: "O’Neill", mail: "tim.oneill", title: "Teacher, Physics", mobile: "+353 86 555 0125", unit: "teaching", language: "en-IE"},
	{uid: "margaret", first: "Margaret", last: "Heafield", mail: "margaret.heafield", title: "Project Manager", mobile: "+1 617 555 0126", unit: "office", language: "en"},
	{uid: "edsger", first: "Edsger", last: "van der Berg", mail: "edsger.vanderberg", title: "Teacher, Logic", unit: "teaching", language: "nl"},
	{uid: "radia", first: "Radia", last: "Stein", mail: "radia.stein", title: "Network Engineer", mobile: "+1 425 555 0128", unit: "networks", language: "en"},
	{uid: "karen", first: "Karen", last: "Jones", mail: "karen.jones", title: "Receptionist", mobile: "+44 20 7946 0129", unit: "office", language: "en"},
}

// group is a row of the groups; people are members of their unit's, other groups nest.
type group struct {
	name, fullName string
	people         []string // besides those whose unit this is
	groups         []string
}

var groups = []group{
	{name: Everybody, fullName: "Everybody", groups: []string{"engineering", "design", "teaching", "office"}},
	{name: "engineering", fullName: "Engineering", groups: []string{"compilers", "systems", "networks"}},
	{name: "compilers", fullName: "Compilers"},
	{name: "systems", fullName: "Systems"},
	{name: "networks", fullName: "Networks"},
	{name: "design", fullName: "Design"},
	{name: "teaching", fullName: "Teaching"},
	{name: "office", fullName: "Office"},
	{name: AdminGroup, fullName: "Administrators of calport", people: []string{Admin}},
}

// place is a room or a resource.
type place struct {
	name, fullName string
	location       string
	capacity       int
	mode           string // auto-schedule-mode
	group          string // auto-accept-group: the short name of a group
}

var rooms = []place{
	{name: "room-turing", fullName: "Turing", location: "1st floor, east", capacity: 12, mode: "automatic"},
	{name: "room-hopper", fullName: "Hopper", location: "1st floor, west", capacity: 6, mode: "automatic"},
	{name: "room-noether", fullName: "Nöther", location: "2nd floor, lecture hall", capacity: 40, mode: "decline-if-busy", group: "teaching"},
	{name: "room-khwarizmi", fullName: "Al-Khwārizmī", location: "Garden", capacity: 4, mode: "none"},
}

var resources = []place{
	{name: "projector", fullName: "Projector", location: "Store room", mode: "automatic"},
	{name: "van", fullName: "Electric van", location: "Car park", capacity: 8, mode: "accept-if-free"},
}

// delegation names the people whom the directory lets into the calendars of somebody, or of a place.
type delegation struct {
	owner  string
	write  bool // otherwise they may only read
	people []string
}

var delegations = []delegation{
	{owner: "ada", write: true, people: []string{"karen"}},
	{owner: "grace", people: []string{"ada", "margaret"}},
	{owner: "room-noether", write: true, people: []string{"siobhan"}},
}
