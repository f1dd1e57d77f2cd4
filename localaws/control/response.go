package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is the longest body of a request, in bytes.
const maxBody = 64 << 10

func badRequest(format string, args ...any) error {
	return &Error{
		Code:    "BadRequest",
		Message: fmt.Sprintf(format, args...),
		Status:  http.StatusBadRequest,
	}
}

func notFound(format string, args ...any) error {
	return &Error{
		Code:    "NotFound",
		Message: fmt.Sprintf(format, args...),
		Status:  http.StatusNotFound,
	}
}

// json returns an http handler for a function that returns a value or an error.
func (h *Handler) json(serve func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := serve(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.write(w, http.StatusOK, out)
	}
}

// fail writes an error response.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		h.opts.Logger.Error("control request failed", "path", r.URL.Path, "error", err)
		e = &Error{
			Code:    "Internal",
			Message: err.Error(),
			Status:  http.StatusInternalServerError,
		}
	}

	h.write(w, e.Status, e)
}

// write writes a JSON response, indented for people. HTML in it is escaped.
func (h *Handler) write(w http.ResponseWriter, status int, v any) {
	h.writeType(w, status, "application/json", v)
}

// writeType is write with another content type.
func (h *Handler) writeType(w http.ResponseWriter, status int, contentType string, v any) {
	// Encoded first: the status cannot change once it is written.
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		h.opts.Logger.Error("cannot encode control response", "error", err)
		status = http.StatusInternalServerError
		b = []byte(`{"error": "Internal", "message": "the response cannot be encoded"}`)
	}

	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		h.opts.Logger.Debug("cannot write control response", "error", err)
	}
}

// unknown writes the response for a path that does not exist, or that does not take
// the method.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := h.mux.Handler(other); pattern != "" {
			w.Header().Set("Allow", method)
			h.write(w, http.StatusMethodNotAllowed, &Error{
				Code:    "MethodNotAllowed",
				Message: fmt.Sprintf("%s takes %s, not %s", r.URL.Path, method, r.Method),
			})
			return
		}
	}

	h.fail(w, r, notFound("path %s does not exist", r.URL.Path))
}

// decode reads a JSON body into v. An empty body leaves v as it is; an unknown
// member is refused by name.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return badRequest("cannot read the body: %s", explainJSON(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("there is more than one value in the body")
	}
	return nil
}

// explainJSON describes an error of encoding/json in the terms of JSON instead of Go.
func explainJSON(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return "want a JSON object, got a JSON " + kind.Value
	case errors.As(err, &kind):
		member := kind.Field[strings.LastIndexByte(kind.Field, '.')+1:] // without embedded structs
		return fmt.Sprintf("%s must be a %s, not a JSON %s", member, kind.Type, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON: %v at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON is incomplete"
	}

	// encoding/json has no type for this error.
	if member, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return "unknown field " + member
	}
	return err.Error()
}

// parseDuration reads a duration such as 1h30m. It must not be negative.
func parseDuration(member, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, badRequest("%s: %q is not a duration such as 90s or 1h30m", member, text)
	}
	if d < 0 {
		return 0, badRequest("%s: %s is negative", member, text)
	}
	return d, nil
}
