package control

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/fault"
)

func (h *Handler) addFault(r *http.Request) (any, error) {
	var in addFaultRequest
	if err := decode(r, &in); err != nil {
		return nil, err
	}

	rule, err := h.newRule(in)
	if err != nil {
		return nil, err
	}
	// Add does not check this: a Go program may add a rule before its queue exists.
	if err := h.checkResource(rule); err != nil {
		return nil, badRequest("add fault: %v", err)
	}

	added, err := h.opts.Faults.Add(rule)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	return NewFault(added), nil
}

// newRule returns the rule that a client sent. With For it ends that long after its
// beginning, or after now.
func (h *Handler) newRule(in addFaultRequest) (fault.Rule, error) {
	rule, err := in.rule()
	if err != nil || in.For == "" {
		return rule, err
	}

	d, err := parseDuration("for", in.For)
	if err != nil {
		return rule, err
	}
	if !rule.Until.IsZero() {
		return rule, badRequest("give until or for, not both")
	}

	begin := rule.From
	if begin.IsZero() {
		begin = h.opts.Clock.Now()
	}

	rule.Until = begin.Add(d)
	return rule, nil
}

// maxListed is how many names an error lists at most.
const maxListed = 50

// checkResource returns an error if a rule names a queue or function that does not
// exist, which is most likely a typing error: the rule would never apply. Any name
// is accepted as long as there are no queues or functions at all, and for operations
// that create one.
func (h *Handler) checkResource(r fault.Rule) error {
	// A rule that is wrong otherwise is refused by Add.
	r, err := h.opts.Faults.Complete(r)
	if err != nil || r.Resource == "" || h.opts.Resources == nil || strings.HasPrefix(r.Operation, "Create") {
		return nil
	}

	var names []string
	what := "queue or function"
	queues, functions := h.opts.Resources()
	switch r.Service {
	case "sqs":
		names = queues
		what = "queue"
	case "lambda":
		// Operations on mappings have the UUID of the mapping, not a function.
		if strings.HasPrefix(r.Resource, "event-source-mapping:") {
			return nil
		}
		names = functions
		what = "function"
	case "":
		names = slices.Concat(queues, functions)
	}

	if len(names) == 0 || slices.Contains(names, r.Resource) {
		return nil
	}

	// A long list would hide the message.
	more := ""
	if n := len(names) - maxListed; n > 0 {
		names = names[:maxListed]
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("resource %q: no %s has this name; there are %s%s", r.Resource, what, strings.Join(names, ", "), more)
}

func (h *Handler) listFaults(*http.Request) (any, error) {
	rules := h.opts.Faults.List()
	out := faultsResponse{Faults: make([]Fault, len(rules))}
	for i, r := range rules {
		out.Faults[i] = NewFault(r)
	}
	return out, nil
}

func (h *Handler) clearFaults(r *http.Request) (any, error) {
	id := r.PathValue("id")
	n := h.opts.Faults.Clear(id)
	if id != "" && n == 0 {
		return nil, notFound("there is no fault %s", id)
	}
	return clearedResponse{Cleared: n}, nil
}
