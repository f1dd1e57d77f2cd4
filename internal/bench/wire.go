package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// conn is a caller with one connection and no HTTP library, for minimal cost.
type conn struct {
	net.Conn
	in   *bufio.Reader
	host string
	sign *signer // nil for no signature
	out  []byte
	body []byte
}

// dial connects to a server. With sign, requests are signed with its credentials.
func dial(ctx context.Context, p *process, sign bool) (*conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", p.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}

	w := &conn{
		Conn: c,
		in:   bufio.NewReaderSize(c, 32<<10),
		host: p.Addr,
	}
	if sign {
		w.sign = newSigner(p.AccessKeyID, p.SecretAccessKey, time.Now().UTC())
	}
	return w, nil
}

func (c *conn) close() error { return c.Close() }

func (c *conn) call(_ context.Context, target string, body []byte) ([]byte, error) {
	b := append(c.out[:0], "POST / HTTP/1.1\r\nHost: "...)
	b = append(append(b, c.host...), "\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: "...)
	b = append(append(b, target...), "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	if c.sign != nil {
		b = c.sign.appendHeaders(append(b, "\r\n"...), c.host, target, body)
	}

	b = append(append(b, "\r\n\r\n"...), body...)
	c.out = b
	if _, err := c.Write(b); err != nil {
		return nil, fmt.Errorf("send %s: %w", target, err)
	}
	return c.readResponse(target)
}

// readResponse reads one response.
func (c *conn) readResponse(target string) ([]byte, error) {
	// Read the status and the length.
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("read the response to %s: %w", target, err)
	}

	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200"))
	length := -1
	for {
		line, err = c.in.ReadSlice('\n')
		if err != nil {
			return nil, fmt.Errorf("read the response to %s: %w", target, err)
		}
		if len(line) <= 2 {
			break
		}
		if v, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return nil, fmt.Errorf("read the response to %s: %w", target, err)
			}
		}
	}
	if length < 0 {
		return nil, errors.New("the response to " + target + " has no length")
	}

	// Read the body, to a buffer that is used again.
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}

	c.body = c.body[:length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return nil, fmt.Errorf("read the response to %s: %w", target, err)
	}

	if !ok {
		return nil, fmt.Errorf("%s was rejected: %s", target, c.body)
	}
	return c.body, nil
}

// signer signs requests to SQS with Signature Version 4. It derives the key once, and
// formats the date once a second.
type signer struct {
	id, scope string
	key       []byte
	at        time.Time
	date      string
}

const region = "us-east-1"

func newSigner(id, secret string, now time.Time) *signer {
	day := now.Format("20060102")
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "sqs", "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	return &signer{
		id:    id,
		key:   key,
		scope: day + "/" + region + "/sqs/aws4_request",
	}
}

// hmacSHA256 returns the HMAC of text.
func hmacSHA256(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// appendHeaders appends the headers X-Amz-Date and Authorization, without the end of the
// last line.
func (s *signer) appendHeaders(b []byte, host, target string, body []byte) []byte {
	if now := time.Now(); now.Sub(s.at) >= time.Second {
		s.at = now
		s.date = now.UTC().Format("20060102T150405Z")
	}

	// The canonical request, and the string to sign.
	const signed = "content-type;host;x-amz-date;x-amz-target"
	sum := sha256.Sum256(body)
	canonical := "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:" + host + "\nx-amz-date:" + s.date +
		"\nx-amz-target:" + target + "\n\n" + signed + "\n" + hex.EncodeToString(sum[:])

	sum = sha256.Sum256([]byte(canonical))
	mac := hmacSHA256(s.key, "AWS4-HMAC-SHA256\n"+s.date+"\n"+s.scope+"\n"+hex.EncodeToString(sum[:]))

	b = append(append(b, "X-Amz-Date: "...), s.date...)
	b = append(append(b, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...), s.id...)
	b = append(append(append(b, '/'), s.scope...), ", SignedHeaders="+signed+", Signature="...)
	return hex.AppendEncode(b, mac)
}
