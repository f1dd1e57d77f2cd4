package runtimeapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// errorTypeHeader is the header or trailer with the type of an error.
const errorTypeHeader = "Lambda-Runtime-Function-Error-Type"

// errorResponse is an error response of the Runtime API (LAM C58).
type errorResponse struct {
	status int
	ErrorBody
}

var (
	errRequestID = errorResponse{400, ErrorBody{"Invalid request ID", "InvalidRequestID"}}
	errState     = errorResponse{403, ErrorBody{"State transition is not allowed", "InvalidStateTransition"}}
	errSize      = errorResponse{413, ErrorBody{"Exceeded maximum allowed payload size (6291556 bytes).", "RequestEntityTooLarge"}}
	errPath      = errorResponse{404, ErrorBody{"There is nothing at this path of the Runtime API", "NotFound"}}
	errPeer      = errorResponse{403, ErrorBody{"The Runtime API is for the function's own process", "Forbidden"}}
	errWebPage   = errorResponse{403, ErrorBody{"The Runtime API is not for web pages", "Forbidden"}}
	errEvents    = errorResponse{403, ErrorBody{"Extensions that ask for events are not embedded", "Extension.InvalidEventType"}}
	errName      = errorResponse{400, ErrorBody{"Header Lambda-Extension-Name is missing", "Extension.InvalidExtensionName"}}
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.invocationError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.initError)
	mux.HandleFunc("POST /2020-01-01/extension/register", s.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", s.eventNext)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, &errPath) })

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Every page in the machine's browsers can reach the port. A page cannot
		// omit Origin or Sec-Fetch-Site, nor choose Host.
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Host != s.Addr() {
			refuse(w, &errWebPage)
			return
		}
		if !s.admitted(r) {
			refuse(w, &errPeer)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// refuse writes an error response. A process that has ended reads none.
func refuse(w http.ResponseWriter, e *errorResponse) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = w.Write(e.JSON())
}

// accept writes the response to an accepted request. A process that has ended reads
// none.
func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

// next blocks until there is an invocation (LAM C54).
func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	session := s.session.Load()
	if !session.becomeIdle() {
		refuse(w, &errState)
		return
	}

	// Wait for an invocation, the end of the session, or the end of the request.
	select {
	case inv := <-session.work:
		writeInvocation(w, inv)
	case <-session.over:
		refuse(w, &errState)
	case <-r.Context().Done():
	}
}

func writeInvocation(w http.ResponseWriter, inv Invocation) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.RequestID)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.DeadlineMS, 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", inv.FunctionARN)
	h.Set("Lambda-Runtime-Trace-Id", inv.Trace)
	if inv.ClientContext != "" {
		h.Set("Lambda-Runtime-Client-Context", inv.ClientContext)
	}
	h.Set("Content-Length", strconv.Itoa(len(inv.Payload)))
	_, _ = w.Write(inv.Payload) // a process that has ended reads none
}

// response receives a function's response (LAM C55, C58).
func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	session := s.session.Load()
	id := r.PathValue("id")

	// Check before a body of several megabytes is read.
	if e := session.check(id); e != nil {
		refuse(w, e)
		return
	}

	body, tooLarge, err := readBody(w, r)
	if err != nil {
		return // the process ended while it sent the body
	}

	// A response that is too large or was aborted is an error of the function.
	res := Response{Payload: body}
	switch {
	case tooLarge:
		e := TooLarge()
		res = Response{
			Payload:   e.JSON(),
			Failed:    true,
			ErrorType: e.Type,
		}
	case r.Trailer.Get(errorTypeHeader) != "":
		res = streamError(r)
	}

	// The state may have changed while the body was read.
	e := session.respond(id, res)
	switch {
	case e != nil:
		refuse(w, e)
	case tooLarge:
		refuse(w, &errSize)
	default:
		accept(w)
	}
}

// streamError returns the error in the trailers of a streaming response that was
// aborted.
func streamError(r *http.Request) Response {
	kind := r.Trailer.Get(errorTypeHeader)
	body, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || !json.Valid(body) {
		body = ErrorBody{Message: "The response stream ended with an error", Type: kind}.JSON()
	}
	return Response{
		Payload:   body,
		Failed:    true,
		ErrorType: kind,
	}
}

// invocationError receives a function's error (LAM C56).
func (s *Server) invocationError(w http.ResponseWriter, r *http.Request) {
	session := s.session.Load()
	id := r.PathValue("id")

	// Check before a body of several megabytes is read.
	if e := session.check(id); e != nil {
		refuse(w, e)
		return
	}

	res, e := readError(w, r)
	if e == nil {
		e = session.respond(id, res)
	}

	if e != nil {
		refuse(w, e)
		return
	}

	accept(w)
}

// initError receives the report of a runtime that could not start (LAM C57).
func (s *Server) initError(w http.ResponseWriter, r *http.Request) {
	res, e := readError(w, r)
	if e == nil {
		e = s.session.Load().failInit(res)
	}
	if e != nil {
		refuse(w, e)
		return
	}
	accept(w)
}

// readError reads an error that a runtime reports.
func readError(w http.ResponseWriter, r *http.Request) (Response, *errorResponse) {
	body, tooLarge, err := readBody(w, r)
	if err != nil || tooLarge {
		return Response{}, &errSize
	}

	// A runtime may report an error without a body.
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	return Response{
		Payload:   body,
		Failed:    true,
		ErrorType: r.Header.Get(errorTypeHeader),
	}, nil
}

// readBody reads a body of up to MaxResponse bytes, and reports whether it is larger.
func readBody(w http.ResponseWriter, r *http.Request) (body []byte, tooLarge bool, err error) {
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MaxResponse))
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return nil, true, nil
	}
	return body, false, err
}

// register registers an internal extension without events, such as the one that
// lambda.WithEnableSIGTERM makes (LAM C61).
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	name := r.Header.Get("Lambda-Extension-Name")
	if name == "" {
		refuse(w, &errName)
		return
	}

	// An extension that asks for events is refused.
	var in struct {
		Events []string `json:"events"`
	}

	body, tooLarge, err := readBody(w, r)
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}

	if err != nil || tooLarge || len(in.Events) > 0 {
		refuse(w, &errEvents)
		return
	}

	s.session.Load().register()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Lambda-Extension-Identifier", strings.ToLower(name))
	_ = json.NewEncoder(w).Encode(s.about) // a process that has ended reads none
}

// eventNext blocks until the session ends: an extension without events gets none
// (LAM C61).
func (s *Server) eventNext(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-s.session.Load().over:
	case <-r.Context().Done():
	}
}
