package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/fault"
)

const (
	// maxResponse is the longest response that a client reads, in bytes.
	maxResponse = 64 << 20
	// healthTimeout is how long a server may take to report its health.
	healthTimeout = 3 * time.Second
)

// Client calls the control API of one server over HTTP. It is safe for concurrent
// use. Its errors are [*Error] where the server refused the request.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// NewClient returns a client of the server at url, such as http://127.0.0.1:4566.
// Without the server's control token only Health works.
func NewClient(url, token string) *Client {
	// No proxy can reach the loopback address of this machine.
	return &Client{
		base:  strings.TrimRight(url, "/"),
		token: token,
		http:  &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2}},
	}
}

// Health returns the state of the server. It fails when no server responds in time.
func (c *Client) Health(ctx context.Context) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()

	status, body, err := c.send(ctx, http.MethodGet, "health", nil)
	if err != nil {
		return Health{}, err
	}

	// A server that is read-only reports its health with status 503.
	var h Health
	if status != http.StatusOK && status != http.StatusServiceUnavailable {
		return h, newError(http.MethodGet, "health", status, body)
	}
	// Another program that has this port may respond with JSON too.
	if err := json.Unmarshal(body, &h); err != nil || h.Status == "" {
		return h, errors.New("the server at this address is not an embedded AWS")
	}
	return h, nil
}

// Clock returns the state of the clock.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodGet, "clock", nil, &out)
	return out, err
}

// Advance moves service time forward, and returns when every event that came due is
// over.
func (c *Client) Advance(ctx context.Context, by time.Duration) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/advance", advanceRequest{Duration: by.String()}, &out)
	return out, err
}

// Hold stops service time.
func (c *Client) Hold(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/hold", struct{}{}, &out)
	return out, err
}

// Release lets service time go on.
func (c *Client) Release(ctx context.Context) (Clock, error) {
	var out Clock
	err := c.call(ctx, http.MethodPost, "clock/release", struct{}{}, &out)
	return out, err
}

// Settle waits until nothing is scheduled that would move a message or a mapping. If
// that takes longer than timeout, in machine time, the error is ErrTimeout.
func (c *Client) Settle(ctx context.Context, timeout time.Duration) (Settled, error) {
	var out Settled
	err := c.call(ctx, http.MethodPost, "clock/settle", settleRequest{Timeout: timeout.String()}, &out)
	return out, err
}

// AddFault adds a rule, for a duration of service time unless that is 0, and returns
// it with its id and what its kind implies.
func (c *Client) AddFault(ctx context.Context, r fault.Rule, lasts time.Duration) (Fault, error) {
	in := addFaultRequest{Fault: NewFault(r)}
	if lasts > 0 {
		in.For = lasts.String()
	}
	var out Fault
	if err := c.call(ctx, http.MethodPost, "faults", in, &out); err != nil {
		return Fault{}, err
	}
	return out.complete()
}

// Faults returns the rules in the sequence in which they were added.
func (c *Client) Faults(ctx context.Context) ([]Fault, error) {
	var out faultsResponse
	if err := c.call(ctx, http.MethodGet, "faults", nil, &out); err != nil {
		return nil, err
	}

	for i, f := range out.Faults {
		var err error
		if out.Faults[i], err = f.complete(); err != nil {
			return nil, err
		}
	}

	return out.Faults, nil
}

// complete returns a fault that was read from JSON with the delay in its rule, too.
func (f Fault) complete() (Fault, error) {
	r, err := f.rule()
	return NewFault(r), err
}

// ClearFaults removes one rule, or all for an empty id, and returns how many it
// removed.
func (c *Client) ClearFaults(ctx context.Context, id string) (int, error) {
	path := "faults"
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	var out clearedResponse
	err := c.call(ctx, http.MethodDelete, path, nil, &out)
	return out.Cleared, err
}

// call sends one request and decodes the response into out.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	status, body, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return newError(method, path, status, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("decode the response to %s: %w", path, err)
	}
	return nil
}

// send sends one request, with in as JSON unless it is nil, and returns status and
// body of the response.
func (c *Client) send(ctx context.Context, method, path string, in any) (int, []byte, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return 0, nil, fmt.Errorf("encode %s: %w", path, err)
		}
		body = bytes.NewReader(encoded)
	}

	req, err := http.NewRequestWithContext(ctx, method, c.base+"/_reliableq/"+path, body)
	if err != nil {
		return 0, nil, fmt.Errorf("call the embedded AWS: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}

	// The error of a context that ended is its cause, such as an interrupt.
	resp, err := c.http.Do(req)
	if err != nil && ctx.Err() != nil {
		return 0, nil, fmt.Errorf("wait for the embedded AWS (%s): %w", path, context.Cause(ctx))
	}
	if err != nil {
		return 0, nil, fmt.Errorf("call the embedded AWS: %w", err)
	}
	defer resp.Body.Close()

	text, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return 0, nil, fmt.Errorf("read the response to %s: %w", path, err)
	}
	return resp.StatusCode, text, nil
}

// newError returns the error in a response. The response of a server that is not an
// embedded AWS becomes its message.
func newError(method, path string, status int, body []byte) *Error {
	e := &Error{}
	if err := json.Unmarshal(body, e); err != nil || e.Message == "" {
		start := strings.TrimSpace(string(body[:min(len(body), 300)]))
		e = &Error{Message: fmt.Sprintf("%s %s: %d %s: %s", method, path, status, http.StatusText(status), start)}
	}
	e.Status = status
	return e
}
