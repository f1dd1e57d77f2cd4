package record

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// removed replaces a secret.
const removed = "REMOVED"

// secretWords are parts of the names of headers, parameters and members with secrets, in
// lower case and without other characters than letters and digits.
var secretWords = []string{
	"secretaccesskey", "secretkey", "sessiontoken", "securitytoken", "signature", "authorization", "cookie", "password",
	"apikey", "csrftoken", "controltoken",
}

// isSecretName reports whether the header or parameter with a name holds a secret, even
// if the name is written differently, such as x_amz_security_token.
func isSecretName(name string) bool {
	// Compare letters and digits only, in lower case.
	plain := strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1 // drop it
	}, name)

	for _, word := range secretWords {
		if strings.Contains(plain, word) {
			return true
		}
	}

	return false
}

// urlHeaders are the headers whose value is a URL, which may be presigned.
var urlHeaders = map[string]bool{"Referer": true, "Location": true, "Content-Location": true}

// awsAuthorization is the header of an AWS signature. Key id, scope and signed headers
// are not secret: they show what was signed, and by whom. A secret key in place of the
// key id would be longer than the pattern permits.
var awsAuthorization = regexp.MustCompile(
	`^(AWS4-HMAC-SHA256 Credential=[A-Za-z0-9_]{1,32}/[0-9]{8}/[a-z0-9-]{1,32}/[a-z0-9-]{1,32}/aws4_request, ?SignedHeaders=[a-z0-9;_-]{1,1000}, ?Signature=)[0-9a-fA-F]{1,64}$`)

// redactHeader returns a copy of a header without its secrets.
func redactHeader(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, v := range values {
			switch {
			case http.CanonicalHeaderKey(name) == "Authorization":
				v = redactAuthorization(v)
			case isSecretName(name):
				v = removed
			case urlHeaders[http.CanonicalHeaderKey(name)]:
				v = redactTarget(v)
			}
			out[name] = append(out[name], v)
		}
	}

	return out
}

// redactAuthorization returns the parts of an AWS signature that are not secret, and
// nothing of other schemes and of malformed values.
func redactAuthorization(v string) string {
	if m := awsAuthorization.FindStringSubmatch(v); m != nil {
		return m[1] + removed
	}
	return removed
}

// parameterName is the form of the names of parameters. A name of another form may
// itself be a secret.
var parameterName = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,256}$`)

// codeURL is the signed URL of a function's code, with which anyone can read the
// code for some minutes.
var codeURL = regexp.MustCompile(`(/code/)[0-9a-f]{64}(\?[^\s"<]*)?`)

// redactTarget returns a path and query without secrets. A malformed query is removed
// completely, and so is a path that contains parameters.
func redactTarget(target string) string {
	path, query, some := strings.Cut(target, "?")
	path = redactPath(path)
	if !some {
		return path
	}

	// A malformed query, or an unusual name in it, may itself be a secret.
	values, err := url.ParseQuery(query)
	if err != nil {
		return path + "?" + removed
	}

	for name := range values {
		switch {
		case !parameterName.MatchString(name):
			return path + "?" + removed
		case isSecretName(name):
			values[name] = []string{removed}
		}
	}

	return path + "?" + values.Encode()
}

// redactPath returns a path, or a URL without a query, without secrets.
func redactPath(path string) string {
	// A URL may have a password before its host.
	if scheme, rest, absolute := strings.Cut(path, "://"); absolute {
		authority, below, _ := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			authority = removed + authority[at:]
		}
		path = scheme + "://" + authority + "/" + below
	}

	// A parameter in the path, such as &X-Amz-Security-Token=..., may be a secret.
	if plain, err := url.PathUnescape(path); err != nil || strings.ContainsAny(plain, "=&") && isSecretName(plain) {
		return "/" + removed
	}
	return codeURL.ReplaceAllString(path, "${1}"+removed)
}
