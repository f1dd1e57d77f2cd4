package control

import "net/http"

// What health says of a server.
const (
	statusOK = "ok"
	// statusReadOnly is a server whose store has failed: it goes on reading and
	// refuses what would change something.
	statusReadOnly = "read-only"
)

// health answers what is served, and how the server is.
type health struct {
	Status string `json:"status"`
	// Reason says why the status is not ok.
	Reason   string   `json:"reason,omitempty"`
	Version  string   `json:"version"`
	Account  string   `json:"account"`
	Region   string   `json:"region"`
	Clock    string   `json:"clock"`
	Services []string `json:"services"`
}

// trouble is why nothing can be changed any more, or nil.
func (h *Handler) trouble() error {
	if h.opts.Trouble == nil {
		return nil
	}
	return h.opts.Trouble()
}

// health answers that the server serves, and what; with status 503 where it does so
// no longer in full.
func (h *Handler) health(w http.ResponseWriter, _ *http.Request) {
	out := health{
		Status: statusOK, Version: h.opts.Version, Account: h.opts.Account, Region: h.opts.Region,
		Clock: h.opts.Clock.Mode().String(), Services: h.opts.Services,
	}
	status := http.StatusOK
	if err := h.trouble(); err != nil {
		status, out.Status, out.Reason = http.StatusServiceUnavailable, statusReadOnly, err.Error()
	}
	h.write(w, status, out)
}

// localStackHealth answers in the form that LocalStack's tools look for.
func (h *Handler) localStackHealth(*http.Request) (any, error) {
	state := "available"
	if h.trouble() != nil {
		state = "error"
	}
	services := map[string]string{}
	for _, name := range h.opts.Services {
		services[name] = state
	}
	return struct {
		Services map[string]string `json:"services"`
		Edition  string            `json:"edition"`
		Version  string            `json:"version"`
	}{services, "reliableq", h.opts.Version}, nil
}
