package lambda

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// CodePath is where CodeHandler is to be mounted on the endpoint.
const CodePath = "/_localaws/lambda/code/"

// codeURLLifetime is how long the address of a zip file is good for, in machine time
// (LAM C8).
const codeURLLifetime = 10 * time.Minute

// codeURL returns the Location of a function's zip file (LAM C8). As a presigned
// URL of S3 it is signed and ends: the hash in its path is no secret, since every
// list of functions shows it as CodeSha256.
func (s *Service) codeURL(c *code) string {
	if c.Key == "" {
		return ""
	}
	expires := strconv.FormatInt(time.Now().Add(codeURLLifetime).Unix(), 10)
	query := url.Values{"expires": {expires}, "signature": {s.signCode(c.Key, expires)}}
	return s.opts.Endpoint() + CodePath + c.Key + "?" + query.Encode()
}

// signCode returns the signature of a zip file's address.
func (s *Service) signCode(name, expires string) string {
	mac := hmac.New(sha256.New, s.codeSecret[:])
	mac.Write([]byte(name + "\n" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// validCodeURL reports whether an address was made by codeURL and has not ended.
func (s *Service) validCodeURL(name string, query url.Values, now time.Time) bool {
	expires := query.Get("expires")
	if !hmac.Equal([]byte(query.Get("signature")), []byte(s.signCode(name, expires))) {
		return false
	}
	seconds, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && now.Before(time.Unix(seconds, 0))
}

// CodeHandler serves the zip files that GetFunction names. The request bears no
// signature of AWS's, as a presigned URL's does not: the address itself is signed.
func (s *Service) CodeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead || len(name) != 64 || strings.Trim(name, "0123456789abcdef") != "" {
			http.NotFound(w, r)
			return
		}

		if !s.validCodeURL(name, r.URL.Query(), time.Now()) {
			http.Error(w, "the address is not signed, or has expired: ask GetFunction for another", http.StatusForbidden)
			return
		}

		f, err := os.Open(s.codeCache.zipPath(name))
		if err != nil {
			http.NotFound(w, r)
			return
		}

		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			http.NotFound(w, r)
			return
		}

		w.Header().Set("Content-Type", "application/zip")
		http.ServeContent(w, r, "", info.ModTime(), f)
	})
}
