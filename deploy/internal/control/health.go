package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Health is how an embedded AWS is.
type Health struct {
	// Status is ok, or read-only when its store has failed and nothing can be
	// changed.
	Status string `json:"status"`
	// Reason says why it is not ok.
	Reason string `json:"reason"`
}

// Trouble says what is wrong, for people; it is empty when nothing is.
func (h Health) Trouble() string {
	if h.Status == "ok" {
		return ""
	}
	return fmt.Sprintf("%s: %s", h.Status, h.Reason)
}

// Health asks how the embedded AWS is. The error says that none answers, soon.
func (c *Client) Health(ctx context.Context) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var h Health
	err := c.call(ctx, http.MethodGet, "health", nil, &h)
	if r := (*refusal)(nil); errors.As(err, &r) && r.status == http.StatusServiceUnavailable && json.Unmarshal(r.body, &h) == nil && h.Status != "" {
		return h, nil
	}
	if err == nil && h.Status == "" {
		err = errors.New("what answers there is no embedded AWS")
	}
	return h, err
}
