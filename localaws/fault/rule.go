package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Rule says what is to go wrong, where, how often and when.
type Rule struct {
	// ID names the rule; Add gives it.
	ID string `json:"id,omitempty"`
	// Kind is what goes wrong. Required.
	Kind Kind `json:"kind"`
	// Service is sqs, lambda, iam, sts, logs or monitoring; empty means any.
	Service string `json:"service,omitempty"`
	// Operation is the AWS name, such as SendMessage; empty means any.
	Operation string `json:"operation,omitempty"`
	// Resource is the name of the queue or function; empty means any.
	Resource string `json:"resource,omitempty"`
	// Probability is how likely each occasion is to be struck, above 0 and up to
	// 1; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	// Count is how often the rule strikes before it is spent; 0 means no end, and
	// with Kill once: a server that is killed at each call never comes to an end.
	Count int `json:"count,omitempty"`
	// From and Until bound the rule in service time; a zero time leaves that side
	// open.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Delay is how long, in machine time, Slow waits or CrashDuring lets a
	// program work; JSON has it in nanoseconds.
	Delay time.Duration `json:"delay,omitempty"`
	// MB is how much memory LeakMemory leaves behind with each strike, in
	// megabytes of 1,048,576 bytes, 1 to 10240.
	MB int `json:"mb,omitempty"`
	// When is Before or After for Kill; empty draws one for each strike.
	When When `json:"when,omitempty"`
	// Struck is how often the rule has struck.
	Struck int `json:"struck"`
}

// When is the moment in a call at which Kill strikes.
type When string

const (
	// Before is before the call takes effect.
	Before When = "before"
	// After is when it has taken effect, durably, and before it is answered.
	After When = "after"
)

// mostMB is the most memory that a function can have, in megabytes.
const mostMB = 10240

var services = []string{"sqs", "lambda", "iam", "sts", "logs", "monitoring"}

// prepare checks a new rule and fills in what its kind implies.
func (r *Rule) prepare() error {
	var errs []error
	if !slices.Contains(Kinds(), r.Kind) {
		errs = append(errs, fmt.Errorf("kind %q: want one of %s", r.Kind, list(Kinds())))
	}
	service, operation := r.Kind.home()
	if service != "" && (r.Service != "" && r.Service != service || r.Operation != "" && r.Operation != operation) {
		errs = append(errs, fmt.Errorf("%s befalls %s of %s, not %s of %s", r.Kind, operation, service, r.Operation, r.Service))
	}
	if service != "" {
		r.Service, r.Operation = service, operation
	}
	if r.Service != "" && !slices.Contains(services, r.Service) {
		errs = append(errs, fmt.Errorf("service %q: want one of %s", r.Service, strings.Join(services, ", ")))
	}
	if !(r.Probability >= 0 && r.Probability <= 1) {
		errs = append(errs, fmt.Errorf("probability %v: want above 0 and up to 1", r.Probability))
	}
	if r.Count < 0 {
		errs = append(errs, fmt.Errorf("count %d is negative", r.Count))
	}
	if !r.From.IsZero() && !r.Until.IsZero() && !r.From.Before(r.Until) {
		errs = append(errs, fmt.Errorf("the rule ends at %s, before it begins at %s", r.Until, r.From))
	}
	timed := r.Kind == Slow || r.Kind == CrashDuring
	if r.Delay < 0 || r.Delay > 0 && !timed || r.Delay == 0 && r.Kind == Slow {
		errs = append(errs, fmt.Errorf("delay %s: slow needs one above 0, crash-during may have one, others have none", r.Delay))
	}
	errs = append(errs, r.checkOwn())
	if r.Probability == 0 {
		r.Probability = 1
	}
	if r.Kind == Kill && r.Count == 0 {
		r.Count = 1
	}
	return errors.Join(errs...)
}

// checkOwn checks what belongs to one kind alone.
func (r *Rule) checkOwn() error {
	var errs []error
	switch {
	case r.Kind == LeakMemory && (r.MB < 1 || r.MB > mostMB):
		errs = append(errs, fmt.Errorf("mb %d: leak-memory needs 1 to %d", r.MB, mostMB))
	case r.Kind != LeakMemory && r.MB != 0:
		errs = append(errs, fmt.Errorf("mb %d: only leak-memory has one", r.MB))
	}
	switch {
	case r.When != "" && r.Kind != Kill:
		errs = append(errs, fmt.Errorf("when %q: only kill has one", r.When))
	case r.When != "" && r.When != Before && r.When != After:
		errs = append(errs, fmt.Errorf("when %q: want before, after, or nothing for either", r.When))
	}
	return errors.Join(errs...)
}

func list(kinds []Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// Occasion is something that may go wrong.
type Occasion struct {
	// Service is the service's name, such as sqs.
	Service string
	// Operation is the AWS name, such as ReceiveMessage.
	Operation string
	// Resource is the name of the queue or function, or empty.
	Resource string
}

// meets reports whether the rule is about the occasion, at a time.
func (r *Rule) meets(o Occasion, kinds []Kind, now time.Time) bool {
	switch {
	case !slices.Contains(kinds, r.Kind),
		r.Service != "" && r.Service != o.Service,
		r.Operation != "" && r.Operation != o.Operation,
		r.Resource != "" && r.Resource != o.Resource,
		r.Count > 0 && r.Struck >= r.Count,
		!r.From.IsZero() && now.Before(r.From),
		!r.Until.IsZero() && !now.Before(r.Until):
		return false
	}
	return true
}
