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

// refusal is an error answer of the Runtime API (LAM C58).
type refusal struct {
	status int
	Problem
}

var (
	refuseID     = refusal{400, Problem{"Invalid request ID", "InvalidRequestID"}}
	refuseState  = refusal{403, Problem{"State transition is not allowed", "InvalidStateTransition"}}
	refuseSize   = refusal{413, Problem{"Exceeded maximum allowed payload size (6291556 bytes).", "RequestEntityTooLarge"}}
	refusePath   = refusal{404, Problem{"There is nothing at this path of the Runtime API", "NotFound"}}
	refusePeer   = refusal{403, Problem{"The Runtime API is for the function's own process", "Forbidden"}}
	refuseWeb    = refusal{403, Problem{"The Runtime API is not for web pages", "Forbidden"}}
	refuseEvents = refusal{403, Problem{"Extensions that ask for events are not embedded", "Extension.InvalidEventType"}}
	refuseName   = refusal{400, Problem{"Header Lambda-Extension-Name is missing", "Extension.InvalidExtensionName"}}
)

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.initError)
	mux.HandleFunc("POST /2020-01-01/extension/register", s.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", s.eventNext)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, &refusePath) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The port is open to every page in the machine's browsers: a page
		// cannot help sending Origin or Sec-Fetch-Site, nor choose Host.
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Host != s.Addr() {
			refuse(w, &refuseWeb)
			return
		}
		if !s.admitted(r) {
			refuse(w, &refusePeer)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, r *refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	w.Write(r.JSON())
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`) // a program that went away reads no answer
}

// next blocks until there is an invocation (LAM C54).
func (s *Server) next(w http.ResponseWriter, r *http.Request) {
	session := s.session.Load()
	if !session.wait() {
		refuse(w, &refuseState)
		return
	}
	select {
	case inv := <-session.work:
		writeInvocation(w, inv)
	case <-session.over:
		refuse(w, &refuseState)
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
	w.Write(inv.Payload)
}

// response takes a function's answer (LAM C55, C58).
func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	session, id := s.session.Load(), r.PathValue("id")
	if ref := session.expects(id); ref != nil {
		refuse(w, ref)
		return
	}
	body, tooLarge, err := read(w, r)
	if err != nil {
		return // the process went away in mid-sentence: its end will be seen
	}
	a := Answer{Payload: body}
	switch {
	case tooLarge:
		problem := TooLarge()
		a = Answer{Payload: problem.JSON(), Failed: true, ErrorType: problem.Type}
	case r.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "":
		a = streamFailure(r)
	}
	ref := session.answer(id, a)
	switch {
	case ref != nil:
		refuse(w, ref)
	case tooLarge:
		refuse(w, &refuseSize)
	default:
		accept(w)
	}
}

// streamFailure reads what a streaming answer that broke off says in its
// trailers.
func streamFailure(r *http.Request) Answer {
	kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type")
	body, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
	if err != nil || !json.Valid(body) {
		body = Problem{Message: "The response stream ended with an error", Type: kind}.JSON()
	}
	return Answer{Payload: body, Failed: true, ErrorType: kind}
}

// failure takes a function's error (LAM C56).
func (s *Server) failure(w http.ResponseWriter, r *http.Request) {
	session, id := s.session.Load(), r.PathValue("id")
	if ref := session.expects(id); ref != nil {
		refuse(w, ref)
		return
	}
	a, ref := readFailure(w, r)
	if ref == nil {
		ref = session.answer(id, a)
	}
	if ref != nil {
		refuse(w, ref)
		return
	}
	accept(w)
}

// initError takes the report of a runtime that could not start (LAM C57).
func (s *Server) initError(w http.ResponseWriter, r *http.Request) {
	a, ref := readFailure(w, r)
	if ref == nil {
		ref = s.session.Load().failInit(a)
	}
	if ref != nil {
		refuse(w, ref)
		return
	}
	accept(w)
}

func readFailure(w http.ResponseWriter, r *http.Request) (Answer, *refusal) {
	body, tooLarge, err := read(w, r)
	if err != nil || tooLarge {
		return Answer{}, &refuseSize
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	return Answer{Payload: body, Failed: true, ErrorType: r.Header.Get("Lambda-Runtime-Function-Error-Type")}, nil
}

// read takes a body of up to MaxResponse bytes.
func read(w http.ResponseWriter, r *http.Request) (body []byte, tooLarge bool, err error) {
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MaxResponse))
	var limit *http.MaxBytesError
	if errors.As(err, &limit) {
		return nil, true, nil
	}
	return body, false, err
}

// register takes an internal extension that asks for no events, as the one that
// lambda.WithEnableSIGTERM makes (LAM C61).
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	name := r.Header.Get("Lambda-Extension-Name")
	if name == "" {
		refuse(w, &refuseName)
		return
	}
	var in struct {
		Events []string `json:"events"`
	}
	body, tooLarge, err := read(w, r)
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil || tooLarge || len(in.Events) > 0 {
		refuse(w, &refuseEvents)
		return
	}
	s.session.Load().register()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Lambda-Extension-Identifier", strings.ToLower(name))
	_ = json.NewEncoder(w).Encode(s.about) // three strings always encode, and an extension that went away reads none
}

// eventNext blocks for ever: there are no events for extensions that asked for
// none (LAM C61).
func (s *Server) eventNext(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-s.session.Load().over:
	case <-r.Context().Done():
	}
}
