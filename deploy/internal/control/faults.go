package control

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Fault is a rule by which the embedded AWS goes wrong.
type Fault struct {
	// ID names the rule; the embedded AWS gives it.
	ID string `json:"id,omitempty"`
	// Kind is what goes wrong, such as unavailable or crash-after.
	Kind string `json:"kind"`
	// Service, Operation and Resource say where; empty means anywhere.
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	Resource  string `json:"resource,omitempty"`
	// Probability is above 0 and up to 1; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	// Count is how often it strikes at most; 0 means no end.
	Count int `json:"count,omitempty"`
	// Until is when it ends, in service time; zero means never.
	Until time.Time `json:"until,omitzero"`
	// Delay is a duration such as 250ms, or empty.
	Delay string `json:"delay,omitempty"`
	// MB is how much memory leak-memory leaves behind with each strike.
	MB int `json:"mb,omitempty"`
	// When is the moment of kill, before or after the call takes effect; empty
	// means either.
	When string `json:"when,omitempty"`
	// Struck is how often it has struck.
	Struck int `json:"struck,omitempty"`
}

// String is the rule for people.
func (f Fault) String() string {
	where := strings.Trim(f.Service+":"+f.Operation, ":")
	if where == "" {
		where = "any call"
	}
	if f.Resource != "" {
		where += " of " + f.Resource
	}
	s := fmt.Sprintf("%s  %s on %s, probability %g, struck %d", f.ID, f.Kind, where, f.Probability, f.Struck)
	if f.Count > 0 {
		s += fmt.Sprintf(" of %d", f.Count)
	}
	if f.Delay != "" {
		s += ", delay " + f.Delay
	}
	if f.MB > 0 {
		s += fmt.Sprintf(", %d MB", f.MB)
	}
	if f.When != "" {
		s += ", " + f.When + " it takes effect"
	}
	if !f.Until.IsZero() {
		s += ", until " + f.Until.UTC().Format(time.RFC3339)
	}
	return s
}

// AddFault puts a rule in force, for a duration of service time unless that is 0.
func (c *Client) AddFault(ctx context.Context, f Fault, lasts time.Duration) (Fault, error) {
	in := struct {
		Fault
		For string `json:"for,omitempty"`
	}{Fault: f}
	if lasts > 0 {
		in.For = lasts.String()
	}
	var out Fault
	err := c.call(ctx, http.MethodPost, "faults", in, &out)
	return out, err
}

// Faults lists the rules.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	var out struct {
		Faults []Fault `json:"faults"`
	}
	err := c.call(ctx, http.MethodGet, "faults", nil, &out)
	return out.Faults, err
}

// ClearFaults takes one rule away, or with an empty id all, and answers how many.
func (c *Client) ClearFaults(ctx context.Context, id string) (int, error) {
	var out struct {
		Cleared int `json:"cleared"`
	}
	path := "faults"
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	err := c.call(ctx, http.MethodDelete, path, nil, &out)
	return out.Cleared, err
}
