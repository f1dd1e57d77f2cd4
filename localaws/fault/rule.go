package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rule describes a fault: what fails, where, how often and when.
type Rule struct {
	// ID identifies the rule; Add sets it.
	ID string `json:"id,omitempty"`
	// Kind is the kind of fault. Required.
	Kind Kind `json:"kind"`
	// Service is sqs, lambda, iam, sts, logs or cloudwatch; empty means any.
	Service string `json:"service,omitempty"`
	// Operation is the AWS name, such as SendMessage; empty means any.
	Operation string `json:"operation,omitempty"`
	// Resource is the name of the queue or function; empty means any.
	Resource string `json:"resource,omitempty"`
	// Probability is the probability with which the rule applies each time, above 0
	// and up to 1; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	// Count is how often the fault is injected before the rule ends; 0 means without
	// limit, and with Kill once: a server that is killed at each call never starts.
	Count int `json:"count,omitempty"`
	// From and Until bound the rule in service time; a zero time leaves that side
	// open.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Delay is how long, in machine time, Slow waits or CrashDuring lets a program
	// work; in JSON in nanoseconds.
	Delay time.Duration `json:"delay,omitempty"`
	// MB is how much memory LeakMemory leaves allocated with each injection, in
	// megabytes of 1,048,576 bytes, 1 to 10240.
	MB int `json:"mb,omitempty"`
	// When is Before or After for Kill; empty draws one for each injection.
	When When `json:"when,omitempty"`
	// Injected is how often the fault was injected.
	Injected int `json:"struck"`
}

// When is the moment in a call at which Kill applies.
type When string

const (
	// Before is before the call takes effect.
	Before When = "before"
	// After is after the call took effect, durably, and before the response.
	After When = "after"
)

// maxMB is the most memory that a function can have, in megabytes.
const maxMB = 10240

// String returns the rule in one line for people.
func (r Rule) String() string {
	where := strings.Trim(r.Service+":"+r.Operation, ":")
	if where == "" {
		where = "any call"
	}
	if r.Resource != "" {
		where += " of " + r.Resource
	}

	s := fmt.Sprintf("%s  %s on %s, probability %g, injected %d", r.ID, r.Kind, where, r.Probability, r.Injected)
	if r.Count > 0 {
		s += fmt.Sprintf(" of %d", r.Count)
	}
	if r.Delay > 0 {
		s += ", delay " + r.Delay.String()
	}
	if r.MB > 0 {
		s += fmt.Sprintf(", %d MB", r.MB)
	}
	if r.When != "" {
		s += fmt.Sprintf(", %s it takes effect", r.When)
	}
	if !r.From.IsZero() {
		s += ", from " + r.From.UTC().Format(time.RFC3339)
	}
	if !r.Until.IsZero() {
		s += ", until " + r.Until.UTC().Format(time.RFC3339)
	}
	return s
}

// complete checks a new rule and fills in what its kind implies. The error names
// everything that is wrong.
func (r *Rule) complete(known Operations) error {
	row, ok := rowOf(r.Kind)
	if !ok {
		return fmt.Errorf("kind %q: want one of %s", r.Kind, list(Kinds()))
	}

	errs := []error{r.completeOperation(row, known)}
	if !(r.Probability >= 0 && r.Probability <= 1) { // NaN is neither
		errs = append(errs, fmt.Errorf("probability %v: want above 0 and up to 1", r.Probability))
	}
	if r.Count < 0 {
		errs = append(errs, fmt.Errorf("count %d is negative", r.Count))
	}
	if !r.From.IsZero() && !r.Until.IsZero() && !r.From.Before(r.Until) {
		errs = append(errs, fmt.Errorf("until %s is not after from %s", r.Until, r.From))
	}

	errs = append(errs, r.checkFields(row))

	if r.Probability == 0 {
		r.Probability = 1
	}
	// A server that is killed at every call would never start.
	if row.once && r.Count == 0 {
		r.Count = 1
	}
	return errors.Join(errs...)
}

// completeOperation checks service and operation, and fills them in where the kind
// applies to one operation only.
func (r *Rule) completeOperation(row row, known Operations) error {
	service, operation := row.operation()
	if service == "" {
		r.Service = known.canonical(r.Service)
		return known.check(r.Service, r.Operation)
	}

	// What is empty is filled in below: only a contradiction is an error.
	if r.Service != "" && r.Service != service || r.Operation != "" && r.Operation != operation {
		given := strings.Trim(r.Service+":"+r.Operation, ":")
		return fmt.Errorf("%s applies only to %s:%s, not to %s", r.Kind, service, operation, given)
	}

	r.Service = service
	r.Operation = operation
	return nil
}

// checkFields checks the fields that only some kinds use.
func (r *Rule) checkFields(row row) error {
	var errs []error
	switch {
	case row.delay == unused && r.Delay != 0:
		errs = append(errs, fmt.Errorf("delay %s: %s has no delay", r.Delay, r.Kind))
	case r.Delay < 0, row.delay == required && r.Delay == 0:
		errs = append(errs, fmt.Errorf("delay %s: %s needs a delay above 0", r.Delay, r.Kind))
	}

	switch {
	case row.mb == unused && r.MB != 0:
		errs = append(errs, fmt.Errorf("mb %d: %s has no mb", r.MB, r.Kind))
	case row.mb == required && (r.MB < 1 || r.MB > maxMB):
		errs = append(errs, fmt.Errorf("mb %d: %s needs 1 to %d", r.MB, r.Kind, maxMB))
	}

	switch {
	case row.when == unused && r.When != "":
		errs = append(errs, fmt.Errorf("when %q: %s has no when", r.When, r.Kind))
	case r.When != "" && r.When != Before && r.When != After:
		errs = append(errs, fmt.Errorf("when %q: want before, after, or nothing for either", r.When))
	}

	return errors.Join(errs...)
}

// Point is a place at which a fault can be injected: a call, a receive, a delivery
// or an invocation.
type Point struct {
	// Service is the service's name, such as sqs.
	Service string
	// Operation is the AWS name, such as ReceiveMessage.
	Operation string
	// Resource is the name of the queue or function, or empty.
	Resource string
}

// applies reports whether the rule, of one of the kinds, applies to a point at a
// time.
func (r *Rule) applies(p Point, kinds []Kind, now time.Time) bool {
	// From is inclusive and Until exclusive, so that rules can follow each other.
	switch {
	case !slices.Contains(kinds, r.Kind),
		r.Service != "" && r.Service != p.Service,
		r.Operation != "" && r.Operation != p.Operation,
		r.Resource != "" && r.Resource != p.Resource,
		r.Count > 0 && r.Injected >= r.Count,
		!r.From.IsZero() && now.Before(r.From),
		!r.Until.IsZero() && !now.Before(r.Until):
		return false
	}

	return true
}
