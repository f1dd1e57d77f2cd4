package control

import "net/http"

// health answers that the server serves, and what.
func (h *Handler) health(*http.Request) (any, error) {
	return struct {
		Status   string   `json:"status"`
		Version  string   `json:"version"`
		Account  string   `json:"account"`
		Region   string   `json:"region"`
		Clock    string   `json:"clock"`
		Services []string `json:"services"`
	}{"ok", h.opts.Version, h.opts.Account, h.opts.Region, h.opts.Clock.Mode().String(), h.opts.Services}, nil
}

// localStackHealth answers in the form that LocalStack's tools look for.
func (h *Handler) localStackHealth(*http.Request) (any, error) {
	services := map[string]string{}
	for _, name := range h.opts.Services {
		services[name] = "available"
	}
	return struct {
		Services map[string]string `json:"services"`
		Edition  string            `json:"edition"`
		Version  string            `json:"version"`
	}{services, "reliableq", h.opts.Version}, nil
}
