package signing

import "slices"

// OK reports whether nothing worse than a caution was found.
func (v *Verification) OK() bool {
	return !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Has reports whether kind is among the findings.
func (v *Verification) Has(kind Kind) bool {
	return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Kind == kind })
}
