// Package control is a client of the embedded AWS's control API: its health and
// its clock.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Client talks to one embedded AWS.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New returns a client of the embedded AWS at url, such as http://127.0.0.1:4566.
// The token is the server's control token; without it only Health works.
func New(url, token string) *Client {
	return &Client{
		base:  strings.TrimRight(url, "/"),
		token: token,
		http:  &http.Client{Transport: &http.Transport{Proxy: nil, MaxIdleConnsPerHost: 2}},
	}
}

// call sends one request and decodes the answer into out, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode %s: %w", path, err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/_reliableq/"+path, body)
	if err != nil {
		return fmt.Errorf("ask the embedded AWS: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("wait for the embedded AWS (%s): %w", path, context.Cause(ctx))
	}
	if err != nil {
		return fmt.Errorf("ask the embedded AWS: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return newRefusal(method, path, resp, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the answer to %s: %w", path, err)
	}
	return nil
}

// ErrTimeout is answered when a wait ends with the timeout that was given for it.
var ErrTimeout = errors.New("its timeout is over")

// ErrBadRequest is answered when the embedded AWS cannot mean what it was asked.
var ErrBadRequest = errors.New("a bad request")

// refusal is an answer that is no success.
type refusal struct {
	status int
	body   []byte
	text   string
}

// Error says what was refused, and why.
func (r *refusal) Error() string { return r.text }

// Is tells a wait that took too long, and a request that cannot be meant.
func (r *refusal) Is(target error) bool {
	switch target {
	case ErrTimeout:
		return r.status == http.StatusGatewayTimeout
	case ErrBadRequest:
		return r.status == http.StatusBadRequest
	}
	return false
}

// newRefusal is in the words of the control API, or whatever another server says.
func newRefusal(method, path string, resp *http.Response, answer []byte) *refusal {
	r := &refusal{status: resp.StatusCode, body: answer}
	var known struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &known) == nil && known.Message != "" {
		r.text = known.Message
	} else {
		r.text = fmt.Sprintf("%s %s: %s: %s", method, path, resp.Status, strings.TrimSpace(string(answer[:min(len(answer), 300)])))
	}
	return r
}
