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

// CodePath is the path on the endpoint that CodeHandler serves.
const CodePath = "/_localaws/lambda/code/"

// codeURLLifetime is how long the URL of a zip file is valid, in machine time (LAM C8).
const codeURLLifetime = 10 * time.Minute

// codeURL returns the Location of a function's zip file (LAM C8). Like a presigned URL of
// S3 it is signed and expires: the hash in its path is no secret, since every list of
// functions shows it as CodeSha256.
func (s *Service) codeURL(c *code) string {
	if c.Key == "" {
		return ""
	}
	expires := strconv.FormatInt(time.Now().Add(codeURLLifetime).Unix(), 10)
	query := url.Values{"expires": {expires}, "signature": {s.signCode(c.Key, expires)}}
	return s.opts.Endpoint() + CodePath + c.Key + "?" + query.Encode()
}

// signCode returns the signature of a zip file's URL.
func (s *Service) signCode(name, expires string) string {
	mac := hmac.New(sha256.New, s.codeSecret[:])
	mac.Write([]byte(name + "\n" + expires)) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// validCodeURL reports whether a URL was made by codeURL and has not expired.
func (s *Service) validCodeURL(name string, query url.Values, now time.Time) bool {
	expires := query.Get("expires")
	if !hmac.Equal([]byte(query.Get("signature")), []byte(s.signCode(name, expires))) {
		return false
	}
	seconds, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && now.Before(time.Unix(seconds, 0))
}

// CodeHandler serves the zip files whose URLs GetFunction returns. Requests have no AWS
// signature: the URL itself is signed.
func (s *Service) CodeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The name is a hash in hex: no path can lead out of the directory.
		name := path.Base(r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead || len(name) != 64 || strings.Trim(name, "0123456789abcdef") != "" {
			http.NotFound(w, r)
			return
		}

		if !s.validCodeURL(name, r.URL.Query(), time.Now()) {
			http.Error(w, "the address is not signed, or has expired: ask GetFunction for another", http.StatusForbidden)
			return
		}

		// The function may have been deleted since.
		f, err := os.Open(s.codeCache.zipPath(name))
		if err != nil {
			http.NotFound(w, r)
			return
		}

		defer f.Close() // nothing is written
		info, err := f.Stat()
		if err != nil {
			http.NotFound(w, r)
			return
		}

		w.Header().Set("Content-Type", "application/zip")
		http.ServeContent(w, r, "", info.ModTime(), f)
	})
}
