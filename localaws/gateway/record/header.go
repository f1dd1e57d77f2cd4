package record

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// removed stands where a secret was.
const removed = "REMOVED"

// secretHeaders are removed whole; keys are canonical.
var secretHeaders = map[string]bool{
	"X-Amz-Security-Token": true, "Cookie": true, "Set-Cookie": true, "Proxy-Authorization": true,
}

// signature is the part of an Authorization header that proves the caller. Key id,
// scope and signed headers stay: they tell what was signed, and by whom.
var signature = regexp.MustCompile(`Signature=[^,\s]*`)

// cleanHeader copies a header without its secrets.
func cleanHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			switch {
			case secretHeaders[http.CanonicalHeaderKey(name)]:
				v = removed
			case strings.EqualFold(name, "Authorization"):
				v = cleanAuthorization(v)
			}
			out[name] = append(out[name], v)
		}
	}
	return out
}

// cleanAuthorization keeps of an AWS signature what is no secret, and nothing of
// any other scheme.
func cleanAuthorization(v string) string {
	if !strings.HasPrefix(v, "AWS4-") {
		return removed
	}
	return signature.ReplaceAllString(v, "Signature="+removed)
}

// secretParameters of an address, as in a presigned one.
var secretParameters = []string{"X-Amz-Signature", "X-Amz-Security-Token", "Signature", "SecurityToken"}

// cleanTarget removes secrets from a path with a query. One that cannot be read
// loses its query.
func cleanTarget(target string) string {
	path, query, some := strings.Cut(target, "?")
	if !some {
		return target
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return path + "?" + removed
	}
	for name := range values {
		for _, secret := range secretParameters {
			if strings.EqualFold(name, secret) {
				values[name] = []string{removed}
			}
		}
	}
	return path + "?" + values.Encode()
}
