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
	Account  string   `json:"account,omitempty"`
	Region   string   `json:"region,omitempty"`
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

// health writes that the server serves, and what; with status 503 where it can no
// longer do everything. The account, the region and the reason, which names folders,
// are for requests with the token.
func (h *Handler) health(w http.ResponseWriter, r *http.Request) {
	out := health{
		Status:   statusOK,
		Version:  h.opts.Version,
		Clock:    h.opts.Clock.Mode().String(),
		Services: h.opts.Services,
	}
	status := http.StatusOK
	err := h.trouble()
	if err != nil {
		status, out.Status = http.StatusServiceUnavailable, statusReadOnly
	}

	if h.opts.Open || h.trusted(r) {
		out.Account, out.Region = h.opts.Account, h.opts.Region
		if err != nil {
			out.Reason = err.Error()
		}
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
