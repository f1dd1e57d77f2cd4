package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const secret = "wJalrXUtnFEMI/K7MDENG"

// written returns the line that is written for an exchange.
func written(t testing.TB, e *Exchange) string {
	t.Helper()
	var b bytes.Buffer
	if err := New(&b).Write(e); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b.Bytes()) || bytes.Count(b.Bytes(), []byte("\n")) != 1 || !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		t.Fatalf("not one line of JSON: %q", b.String())
	}
	return b.String()
}

// with returns an exchange with one body.
func with(contentType, body string) *Exchange {
	return &Exchange{
		Began: time.Unix(0, 0), Method: "POST", Target: "/", SecretsKnown: true, Status: 200,
		Request: Part{Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)},
	}
}

// bodyOf returns the request body of a line.
func bodyOf(t testing.TB, e *Exchange) any {
	t.Helper()
	var l struct {
		Body any `json:"request_body"`
	}
	if err := json.Unmarshal([]byte(written(t, e)), &l); err != nil {
		t.Fatal(err)
	}
	return l.Body
}

func TestRequestBodiesLoseOnlyTheirSecrets(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	credentials, err := cbor.Marshal(object{"Credentials": object{"SessionToken": secret, "AccessKeyId": "ASIA"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		kind, body string
		want       any
	}{
		"JSON":                   {"application/x-amz-json-1.0", `{"QueueUrl":"u","n":1,"list":["x",null,true]}`, object{"QueueUrl": "u", "n": 1.0, "list": []any{"x", nil, true}}},
		"credentials":            {"application/json", `{"a":[{"SecretAccessKey":"` + secret + `","sessiontoken":"` + secret + `"}]}`, object{"a": []any{object{"SecretAccessKey": "REMOVED", "sessiontoken": "REMOVED"}}}},
		"variables":              {"", `{"Environment":{"Variables":{"KEY":"` + secret + `"}},"Timeout":3}`, object{"Environment": object{"Variables": object{"KEY": "REMOVED"}}, "Timeout": 3.0}},
		"no map":                 {"", `{"Environment":{"Variables":["` + secret + `"]}}`, object{"Environment": object{"Variables": "REMOVED"}}},
		"other case":             {"", `{"environment":{"variables":{"K":"` + secret + `"}}}`, object{"environment": object{"variables": object{"K": "REMOVED"}}}},
		"one level up":           {"", `{"Variables":{"K":"` + secret + `"}}`, object{"Variables": object{"K": "REMOVED"}}},
		"one level missing":      {"", `{"Environment":{"K":"` + secret + `"}}`, object{"Environment": object{"K": "REMOVED"}}},
		"misspelt":               {"", `{"Enviroment":{"Variables":{"K":"` + secret + `"}}}`, object{"Enviroment": object{"Variables": object{"K": "REMOVED"}}}},
		"a list":                 {"", `{"Environment":[{"Variables":{"K":"` + secret + `"}}]}`, object{"Environment": "REMOVED"}},
		"snake case":             {"", `{"secret_access_key":"` + secret + `"}`, object{"secret_access_key": "REMOVED"}},
		"code address":           {"", `{"Location":"http://127.0.0.1/_localaws/lambda/code/` + strings.Repeat("a", 64) + `?expires=1&signature=` + secret + `"}`, object{"Location": "http://127.0.0.1/_localaws/lambda/code/REMOVED"}},
		"JSON cut off in a form": {"application/x-www-form-urlencoded", `{"SecretAccessKey":"` + secret, object{"left_out": "not a form: a name has characters that parameters do not have", "bytes": 41.0}},
		"JSON cut off in text":   {"text/plain", `{"SecretAccessKey":"` + secret, object{"left_out": "not JSON: unexpected EOF", "bytes": 41.0}},
		"XML in a request":       {"text/xml", "<SecretAccessKey>" + secret, object{"left_out": "not JSON: invalid character '<' looking for beginning of value", "bytes": 38.0}},
		"no object":              {"", `{"environment":"` + secret + `"}`, object{"environment": "REMOVED"}},
		"code":                   {"", `{"Code":{"ZipFile":"QUJD"}}`, object{"Code": object{"ZipFile": "REMOVED: 4 characters"}}},
		"refusal":                {"", `{"message":"exceeded the 4KB limit. String measured: {\"K\":\"` + secret + `\"}"}`, object{"message": "exceeded the 4KB limit. String measured: REMOVED"}},
		"form":                   {"application/x-www-form-urlencoded; charset=utf-8", "Action=X&A.SecretAccessKey=" + secret, object{"Action": "X", "A.SecretAccessKey": "REMOVED"}},
		"CBOR":                   {"application/cbor", string(credentials), object{"Credentials": object{"SessionToken": "REMOVED", "AccessKeyId": "ASIA"}}},
		"broken":                 {"application/json", `{"SecretAccessKey":"` + secret, object{"left_out": "not JSON: unexpected EOF", "bytes": 41.0}},
		"zip":                    {"application/zip", "PK\x03\x04", object{"left_out": "not JSON: invalid character 'P' looking for beginning of value", "bytes": 4.0}},
		"none":                   {"application/json", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, bodyOf(t, with(tt.kind, tt.body))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		})
	}
}

func TestResponseBodiesLoseOnlyTheirSecrets(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ kind, body, want string }{
		"XML":   {"text/xml", "<C><SecretAccessKey>" + secret + "</SecretAccessKey><A>1</A></C>", `"\u003cC\u003e\u003cSecretAccessKey\u003eREMOVED\u003c/SecretAccessKey\u003e\u003cA\u003e1\u003c/A\u003e\u003c/C\u003e"`},
		"plain": {"text/plain; charset=utf-8", "host is refused", `"host is refused"`},
		"JSON":  {"application/json", `{"Credentials":{"SessionToken":"` + secret + `"}}`, `{"Credentials":{"SessionToken":"REMOVED"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := with("", "")
			e.Response = Part{Header: http.Header{"Content-Type": {tt.kind}}, Body: []byte(tt.body)}
			if got := written(t, e); strings.Contains(got, secret) || !strings.Contains(got, `"answer_body":`+tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A malformed request is recorded without the parts that could not be parsed, and so
// is an error that repeats it.
func TestMalformedPartsOfRequestsAreOmitted(t *testing.T) {
	t.Parallel()
	const good = "AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature="
	for name, change := range map[string]func(e *Exchange){
		"signature without equal sign": func(e *Exchange) { e.Request.Header.Set("Authorization", strings.TrimSuffix(good, "=")+" "+secret) },
		"signature in another case":    func(e *Exchange) { e.Request.Header.Set("Authorization", strings.ToLower(good)+secret) },
		"secret for a key id": func(e *Exchange) {
			e.Request.Header.Set("Authorization", strings.Replace(good, "AKIA", secret, 1)+"00")
		},
		"40 characters for a key id": func(e *Exchange) {
			e.Request.Header.Set("Authorization", strings.Replace(good, "AKIA", strings.ReplaceAll(secret, "/", "")+"0123456789012345678901234", 1)+"00")
		},
		"secret after the signature":  func(e *Exchange) { e.Request.Header.Set("Authorization", good+"00, "+secret) },
		"another algorithm":           func(e *Exchange) { e.Request.Header.Set("Authorization", "AWS4-ECDSA-P256-SHA256 "+secret) },
		"basic":                       func(e *Exchange) { e.Request.Header.Set("Authorization", "Basic "+secret) },
		"misspelt header":             func(e *Exchange) { e.Request.Header["X_amz_security_token"] = []string{secret} },
		"short header":                func(e *Exchange) { e.Request.Header.Set("Security-Token", secret) },
		"secret key header":           func(e *Exchange) { e.Request.Header.Set("X-Aws-Secret-Access-Key", secret) },
		"referrer":                    func(e *Exchange) { e.Request.Header.Set("Referer", "http://h/?X-Amz-Signature="+secret) },
		"query with semicolons":       func(e *Exchange) { e.Target = "/?a;X-Amz-Signature=" + secret },
		"query with a colon":          func(e *Exchange) { e.Target = "/?X-Amz-Signature:" + secret },
		"query with an escaped sign":  func(e *Exchange) { e.Target = "/?X-Amz-Signature%3D" + secret },
		"query with a bad escape":     func(e *Exchange) { e.Target = "/?X-Amz-Signature=%zz" + secret },
		"query in another case":       func(e *Exchange) { e.Target = "/?x_amz_signature=" + secret },
		"secret key in the query":     func(e *Exchange) { e.Target = "/?AWSSecretKey=" + secret },
		"query without question mark": func(e *Exchange) { e.Target = "/q&X-Amz-Signature=" + secret },
		"user in the address":         func(e *Exchange) { e.Target = "http://key:" + strings.ReplaceAll(secret, "/", "") + "@127.0.0.1/" },
		"operation":                   func(e *Exchange) { e.Operation = "Create " + secret },
		"path as operation":           func(e *Exchange) { e.Operation = "PUT /q&Signature=" + secret },
		"body that is too long":       func(e *Exchange) { e.Request.Body, e.Request.Truncated = []byte(`{"a":"`+secret+`"}`), true },
		"operation that is not known": func(e *Exchange) { e.Request.Body, e.SecretsKnown = []byte(`{"Password":"`+secret+`"}`), false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := with("application/json", "")
			e.Status = 400
			change(e)
			if got := written(t, e); strings.Contains(strings.ReplaceAll(got, "/", ""), strings.ReplaceAll(secret, "/", "")) {
				t.Errorf("a secret is in %s", got)
			}
		})
	}

	for name, change := range map[string]func(e *Exchange){
		"a header":   func(e *Exchange) { e.Request.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+secret) },
		"a query":    func(e *Exchange) { e.Target = "/?X-Amz-Signature:" + secret },
		"a body":     func(e *Exchange) { e.Request.Body = []byte(`{"SecretAccessKey":"` + secret) },
		"a long one": func(e *Exchange) { e.Request.Body, e.Request.Truncated = []byte("{}"), true },
	} {
		t.Run("an error that repeats "+name, func(t *testing.T) {
			t.Parallel()
			e := with("application/json", "{}")
			e.Status = 400
			e.Response = Part{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"message":"cannot read ` + secret + `"}`)}
			if got := written(t, e); !strings.Contains(got, secret) {
				t.Fatal("the message of a request that can be read is missing")
			}
			change(e)
			if got := written(t, e); strings.Contains(got, secret) || !strings.Contains(got, "it may repeat a request") {
				t.Errorf("a secret is in %s", got)
			}
		})
	}
}

func TestHeadersAndURLsLoseTheirSecrets(t *testing.T) {
	t.Parallel()
	e := with("", "")
	e.Request.Header = http.Header{
		"Authorization":        {"AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=" + strings.Repeat("0a", 32)},
		"X-Amz-Security-Token": {secret}, "Cookie": {secret}, "User-Agent": {"aws-cli"},
	}
	e.Response.Header = http.Header{"Set-Cookie": {secret}}
	e.Target = "/q?X-Amz-Credential=AKIA&x-amz-signature=" + secret + "&X-Amz-Security-Token=" + secret
	got := written(t, e)
	if strings.Contains(got, secret) {
		t.Errorf("a secret is in %s", got)
	}
	for _, want := range []string{"Credential=AKIA/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=REMOVED", "aws-cli", "X-Amz-Credential=AKIA"} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %s", want, got)
			}
		})
	}
	e.Request.Header = http.Header{"Authorization": {"Bearer " + secret}}
	e.Target = "/?" + secret + "%zz;"
	if got := written(t, e); strings.Contains(got, secret) {
		t.Errorf("a secret is in %s", got)
	}
}

func TestBodyOfAnUnknownServiceIsOmitted(t *testing.T) {
	t.Parallel()
	e := with("application/x-amz-json-1.1", `{"SecretString":"`+secret+`"}`)
	e.SecretsKnown = false
	if got := written(t, e); strings.Contains(got, secret) || !strings.Contains(got, `"left_out"`) {
		t.Error(got)
	}
}

func TestLongBodyIsTruncated(t *testing.T) {
	t.Parallel()
	got := bodyOf(t, with("application/json", `{"a":"`+strings.Repeat("ä", MaxBody)+`"}`)).(map[string]any)
	if n := len(got["beginning"].(string)); n > MaxBody || n < MaxBody-4 || got["bytes"] != float64(2*MaxBody+8) {
		t.Errorf("%d bytes shown of %v", n, got["bytes"])
	}
}

func TestFailedWriteIsReported(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	if err := New(broken{full}).Write(with("", "")); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// TestSecretsAreRemovedInEveryPosition puts credentials and environments into values
// of any shape.
func TestSecretsAreRemovedInEveryPosition(t *testing.T) {
	t.Parallel()
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{
			rapid.Just[any](map[string]any{"SecretAccessKey": secret, "Name": "kept"}),
			rapid.Just[any](map[string]any{"Credentials": map[string]any{"SessionToken": []any{secret}}}),
			rapid.Just[any](map[string]any{"Environment": map[string]any{"Variables": map[string]any{"A": secret}}}),
			rapid.StringN(0, 8, -1).AsAny(),
		}
		if depth > 0 {
			leaves = append(leaves, rapid.SliceOfN(value(depth-1), 0, 3).AsAny(), rapid.MapOfN(rapid.StringN(1, 3, -1), value(depth-1), 0, 3).AsAny())
		}
		return rapid.OneOf(leaves...)
	}
	rapid.Check(t, func(rt *rapid.T) {
		v := value(3).Draw(rt, "body")
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		asCBOR, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for kind, body := range map[string]string{"application/json": string(asJSON), "application/cbor": string(asCBOR)} {
			if got := written(t, with(kind, body)); strings.Contains(got, secret) {
				rt.Fatalf("a secret is in %s", got)
			}
		}
	})
}

func FuzzWrite(f *testing.F) {
	f.Add("application/json", "/?a=b", `{"a":[1,{"Environment":{"Variables":null}}]}`)
	f.Add("application/cbor", "/", "\xa1\x61a\xf9\x7e\x00")
	f.Add("application/x-www-form-urlencoded", "/?%", "a=%zz")
	f.Add("text/xml", "/", "<SecretAccessKey>")
	f.Fuzz(func(t *testing.T, kind, target, body string) {
		e := with(kind, body)
		e.Target, e.Response = target, e.Request
		written(t, e)
	})
}
