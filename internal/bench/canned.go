package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// cannedVerb is the argument that makes this program the server of canned responses.
const cannedVerb = "canned"

// canned maps each operation to a response that was recorded from the real server. It
// shows the most that clients and HTTP allow on this machine.
type canned map[string][]byte

// ServeHTTP reads the whole request, as any server must, and writes the response.
func (c canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}

	body, ok := c[r.Header.Get("X-Amz-Target")]
	if !ok {
		http.Error(w, "no canned response for "+r.Header.Get("X-Amz-Target"), http.StatusNotFound)
		return
	}

	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("X-Amzn-Requestid", "00000000-0000-0000-0000-000000000000")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client notices
}

// save writes the responses to a file for serveCanned.
func (c canned) save(path string) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode canned responses: %w", err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("save canned responses: %w", err)
	}
	return nil
}

// serveCanned serves the responses in a file until it gets a signal.
func serveCanned(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read canned responses: %w", err)
	}

	var c canned
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("decode canned responses: %w", err)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}

	fmt.Printf("listening on http://%s\n", l.Addr())
	// Serve until a signal.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	served := make(chan error, 1)
	go func() { served <- http.Serve(l, c) }()
	select {
	case <-signals:
		return nil
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	}
}
