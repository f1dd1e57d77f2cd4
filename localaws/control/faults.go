package control

import (
	"net/http"
	"time"

	faults "github.com/reliableq/reliableq/localaws/fault"
)

// faultRule is a rule on the wire: durations are text, such as 250ms.
type faultRule struct {
	ID          string      `json:"id,omitempty"`
	Kind        faults.Kind `json:"kind"`
	Service     string      `json:"service,omitempty"`
	Operation   string      `json:"operation,omitempty"`
	Resource    string      `json:"resource,omitempty"`
	Probability float64     `json:"probability,omitempty"`
	Count       int         `json:"count,omitempty"`
	From        time.Time   `json:"from,omitzero"`
	Until       time.Time   `json:"until,omitzero"`
	Delay       string      `json:"delay,omitempty"`
	MB          int         `json:"mb,omitempty"`
	When        faults.When `json:"when,omitempty"`
	Struck      int         `json:"struck"`
}

func shown(r faults.Rule) faultRule {
	out := faultRule{
		ID: r.ID, Kind: r.Kind, Service: r.Service, Operation: r.Operation, Resource: r.Resource,
		Probability: r.Probability, Count: r.Count, From: r.From, Until: r.Until, Struck: r.Struck,
		MB: r.MB, When: r.When,
	}
	if r.Delay > 0 {
		out.Delay = r.Delay.String()
	}
	return out
}

// rule reads what a client sent. A rule that lasts for a duration does so from
// its beginning, or from now.
func (h *Handler) rule(in faultRule, lasts string) (faults.Rule, error) {
	r := faults.Rule{
		Kind: in.Kind, Service: in.Service, Operation: in.Operation, Resource: in.Resource,
		Probability: in.Probability, Count: in.Count, From: in.From, Until: in.Until,
		MB: in.MB, When: in.When,
	}
	var err error
	if in.Delay != "" {
		if r.Delay, err = length("delay", in.Delay); err != nil {
			return r, err
		}
	}
	if lasts == "" {
		return r, nil
	}
	d, err := length("for", lasts)
	if err != nil {
		return r, err
	}
	if !r.Until.IsZero() {
		return r, badRequest("give until or for, not both")
	}
	begin := r.From
	if begin.IsZero() {
		begin = h.opts.Clock.Now()
	}
	r.Until = begin.Add(d)
	return r, nil
}

func (h *Handler) addFault(r *http.Request) (any, error) {
	var in struct {
		faultRule
		For string `json:"for"`
	}
	if err := decode(r, &in); err != nil {
		return nil, err
	}
	rule, err := h.rule(in.faultRule, in.For)
	if err != nil {
		return nil, err
	}
	added, err := h.opts.Faults.Add(rule)
	if err != nil {
		return nil, badRequest("%v", err)
	}
	return shown(added), nil
}

func (h *Handler) listFaults(*http.Request) (any, error) {
	rules := h.opts.Faults.List()
	out := make([]faultRule, len(rules))
	for i, r := range rules {
		out[i] = shown(r)
	}
	return map[string]any{"faults": out}, nil
}

func (h *Handler) clearFaults(r *http.Request) (any, error) {
	id := r.PathValue("id")
	n := h.opts.Faults.Clear(id)
	if id != "" && n == 0 {
		return nil, notFound("there is no fault %s", id)
	}
	return map[string]any{"cleared": n}, nil
}
