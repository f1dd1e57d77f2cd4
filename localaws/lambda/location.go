package lambda

import (
	"net/http"
	"os"
	"path"
	"strings"
)

// CodePath is where CodeHandler is to be mounted on the endpoint.
const CodePath = "/_localaws/lambda/code/"

// codeURL is the Location of a function's zip file (LAM C8). Its name is the hash
// of the content: whoever knows it has had the file, or GetFunction's answer.
func (s *Service) codeURL(c *code) string {
	if c.Key == "" {
		return ""
	}
	return s.opts.Endpoint() + CodePath + c.Key
}

// CodeHandler serves the zip files that GetFunction names. The request bears no
// signature, as a presigned URL's: the hash in the path is the secret.
func (s *Service) CodeHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead || len(name) != 64 || strings.Trim(name, "0123456789abcdef") != "" {
			http.NotFound(w, r)
			return
		}
		f, err := os.Open(s.shelf.zipPath(name))
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
