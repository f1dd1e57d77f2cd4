package control

import "net/http"

// readOnlyReason returns why the embedded AWS is read-only, or nil.
func (h *Handler) readOnlyReason() error {
	if h.opts.ReadOnlyReason == nil {
		return nil
	}
	return h.opts.ReadOnlyReason()
}

// health writes the state of the server, with status 503 if it is read-only. The
// account, the region and the reason, which names directories, are for requests with the
// token.
func (h *Handler) health(w http.ResponseWriter, r *http.Request) {
	status := http.StatusOK
	out := Health{
		Status:   statusOK,
		Version:  h.opts.Version,
		Clock:    h.opts.Clock.Mode().String(),
		Services: h.opts.Services,
	}

	err := h.readOnlyReason()
	if err != nil {
		status = http.StatusServiceUnavailable
		out.Status = statusReadOnly
	}

	if h.opts.Open || h.trusted(r) {
		out.Account = h.opts.Account
		out.Region = h.opts.Region
		if err != nil {
			out.Reason = err.Error()
		}
	}

	h.write(w, status, out)
}

// localStackHealth returns the health in the form that LocalStack's tools expect.
func (h *Handler) localStackHealth(*http.Request) (any, error) {
	state := "available"
	if h.readOnlyReason() != nil {
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
