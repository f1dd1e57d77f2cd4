package produce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// maxCount is the largest count of a request.
const maxCount = 1_000_000

// Request is the event. Every member is optional.
type Request struct {
	// Count is the number of messages, up to a million; nil means as many as the
	// function's timeout allows.
	Count *int `json:"count"`
	// BadRatio is the share of bad messages, 0 to 1; nil means the function's
	// default.
	BadRatio *float64 `json:"bad_ratio"`
	// Seed determines the orders; nil means random ones.
	Seed *uint64 `json:"seed"`
}

// parse decodes an event. It refuses unknown members: without that, a misspelt
// count would produce until the timeout.
func parse(event []byte) (Request, error) {
	var req Request
	decoder := json.NewDecoder(bytes.NewReader(event))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&req); err != nil && !errors.Is(err, io.EOF) {
		return Request{}, fmt.Errorf("read the event: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Request{}, errors.New("read the event: more than one JSON value")
	}
	if req.Count != nil && (*req.Count < 0 || *req.Count > maxCount) {
		return Request{}, fmt.Errorf("count %d: want 0 to %d", *req.Count, maxCount)
	}
	if r := req.BadRatio; r != nil && (math.IsNaN(*r) || *r < 0 || *r > 1) {
		return Request{}, fmt.Errorf("bad_ratio %g: want 0 to 1", *r)
	}

	return req, nil
}
