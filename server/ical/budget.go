package ical

// budget bounds the work of one call. Spending from an empty budget fails, and
// the recurrence is taken to end there.
type budget struct{ left int }

// workLimit is some tens of milliseconds: a million instances or tests of a
// day, month or hour against a rule.
const workLimit = 1 << 20

func newBudget() *budget { return &budget{left: workLimit} }

func (b *budget) spend(n int) bool {
	b.left -= n
	return b.left > 0
}

func (b *budget) empty() bool { return b.left <= 0 }
