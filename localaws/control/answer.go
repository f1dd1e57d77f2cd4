package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 64 << 10

// fault is an error with the status that it is answered with.
type fault struct {
	Code    string `json:"error"`
	Message string `json:"message"`
	status  int
	// Details are shown beside the message.
	Details any `json:"details,omitempty"`
}

// Error gives the message.
func (f *fault) Error() string { return f.Message }

func badRequest(format string, args ...any) error {
	return &fault{Code: "BadRequest", Message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

func notFound(format string, args ...any) error {
	return &fault{Code: "NotFound", Message: fmt.Sprintf(format, args...), status: http.StatusNotFound}
}

// json makes an http handler of a function that answers a value or an error.
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

// fail answers an error.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var f *fault
	if !errors.As(err, &f) {
		h.opts.Logger.Error("control request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		f = &fault{Code: "Internal", Message: err.Error(), status: http.StatusInternalServerError}
	}
	h.write(w, f.status, f)
}

// write answers JSON, indented for people. HTML in it is escaped.
func (h *Handler) write(w http.ResponseWriter, status int, v any) {
	h.writeType(w, status, "application/json", v)
}

// writeType is write with another content type.
func (h *Handler) writeType(w http.ResponseWriter, status int, contentType string, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		h.opts.Logger.Error("encode control answer", slog.Any("error", err))
		status, b = http.StatusInternalServerError, []byte(`{"error": "Internal", "message": "the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(append(b, '\n')); err != nil {
		h.opts.Logger.Debug("write control answer", slog.Any("error", err))
	}
}

// unknown answers a path that is not there, or a method that it does not take.
func (h *Handler) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := h.mux.Handler(other); pattern != "" {
			w.Header().Set("Allow", method)
			h.write(w, http.StatusMethodNotAllowed, &fault{
				Code: "MethodNotAllowed", Message: fmt.Sprintf("%s takes %s, not %s", r.URL.Path, method, r.Method),
			})
			return
		}
	}
	h.fail(w, r, notFound("there is no %s here", r.URL.Path))
}

// decode reads a JSON body into v. An empty body leaves v as it is; an unknown
// member is refused by name.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return badRequest("read the body: %s", inWords(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return badRequest("there is more than one value in the body")
	}
	return nil
}

// inWords says what is wrong with JSON without the words of Go.
func inWords(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field == "":
		return "it is to be a JSON object, and is a JSON " + kind.Value
	case errors.As(err, &kind):
		return fmt.Sprintf("%s is to be a %s, and is a JSON %s", kind.Field, kind.Type, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is no JSON: %v at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the JSON in it has no end"
	}
	if member, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return "unknown field " + member
	}
	return err.Error()
}

// length reads a duration such as 1h30m. It must not be negative.
func length(member, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, badRequest("%s: %q is not a duration such as 90s or 1h30m", member, text)
	}
	if d < 0 {
		return 0, badRequest("%s: %s is negative", member, text)
	}
	return d, nil
}
