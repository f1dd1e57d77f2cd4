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

// cannedVerb makes this program the server of canned replies.
const cannedVerb = "canned"

// canned answers each operation with bytes that the real server once answered. It
// is the ceiling: what clients and HTTP leave room for on this machine.
type canned map[string][]byte

// ServeHTTP takes the whole request in, as any server must, and answers.
func (c canned) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	body, ok := c[r.Header.Get("X-Amz-Target")]
	if !ok {
		http.Error(w, "no reply is canned for "+r.Header.Get("X-Amz-Target"), http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("X-Amzn-Requestid", "00000000-0000-0000-0000-000000000000")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// keep writes the replies where serveCanned reads them.
func (c canned) keep(path string) error {
	b, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode canned replies: %w", err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("keep canned replies: %w", err)
	}
	return nil
}

// serveCanned is the canned server's main function: it serves the replies in a
// file until it is asked to end.
func serveCanned(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read canned replies: %w", err)
	}
	var c canned
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("decode canned replies: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("listening on http://%s\n", l.Addr())
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM)
	served := make(chan error, 1)
	go func() { served <- http.Serve(l, c) }()
	select {
	case <-asked:
		return nil
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	}
}
