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

// written is the line that an exchange becomes.
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

// with is an exchange with one body.
func with(contentType, body string) *Exchange {
	return &Exchange{
		Began: time.Unix(0, 0), Method: "POST", Target: "/", Readable: true, Status: 200,
		Request: Part{Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)},
	}
}

// bodyOf reads a line's request body.
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

func TestBodiesLoseTheirSecretsAndNothingElse(t *testing.T) {
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
		"JSON":        {"application/x-amz-json-1.0", `{"QueueUrl":"u","n":1,"list":["x",null,true]}`, object{"QueueUrl": "u", "n": 1.0, "list": []any{"x", nil, true}}},
		"credentials": {"application/json", `{"a":[{"SecretAccessKey":"` + secret + `","sessiontoken":"` + secret + `"}]}`, object{"a": []any{object{"SecretAccessKey": "REMOVED", "sessiontoken": "REMOVED"}}}},
		"variables":   {"", `{"Environment":{"Variables":{"KEY":"` + secret + `"}},"Timeout":3}`, object{"Environment": object{"Variables": object{"KEY": "REMOVED"}}, "Timeout": 3.0}},
		"no map":      {"", `{"Environment":{"Variables":["` + secret + `"]}}`, object{"Environment": object{"Variables": "REMOVED"}}},
		"another":     {"", `{"environment":"production"}`, object{"environment": "production"}},
		"code":        {"", `{"Code":{"ZipFile":"QUJD"}}`, object{"Code": object{"ZipFile": "REMOVED: 4 characters"}}},
		"refusal":     {"", `{"message":"exceeded the 4KB limit. String measured: {\"K\":\"` + secret + `\"}"}`, object{"message": "exceeded the 4KB limit. String measured: REMOVED"}},
		"form":        {"application/x-www-form-urlencoded; charset=utf-8", "Action=X&A.SecretAccessKey=" + secret, object{"Action": "X", "A.SecretAccessKey": "REMOVED"}},
		"XML":         {"text/xml", "<C><SecretAccessKey>" + secret + "</SecretAccessKey><A>1</A></C>", "<C><SecretAccessKey>REMOVED</SecretAccessKey><A>1</A></C>"},
		"CBOR":        {"application/cbor", string(credentials), object{"Credentials": object{"SessionToken": "REMOVED", "AccessKeyId": "ASIA"}}},
		"plain":       {"text/plain; charset=utf-8", "host is refused\n", "host is refused\n"},
		"broken":      {"application/json", `{"SecretAccessKey":"` + secret, object{"left_out": "not JSON: unexpected EOF", "bytes": 41.0}},
		"zip":         {"application/zip", "PK\x03\x04", object{"left_out": "not JSON: invalid character 'P' looking for beginning of value", "bytes": 4.0}},
		"none":        {"application/json", "", nil},
	} {
		if diff := cmp.Diff(tt.want, bodyOf(t, with(tt.kind, tt.body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHeadersAndAddressesLoseTheirSecrets(t *testing.T) {
	t.Parallel()
	e := with("", "")
	e.Request.Header = http.Header{
		"Authorization":        {"AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=" + secret},
		"X-Amz-Security-Token": {secret}, "Cookie": {secret}, "User-Agent": {"aws-cli"},
	}
	e.Answer.Header = http.Header{"Set-Cookie": {secret}}
	e.Target = "/q?X-Amz-Credential=AKIA&x-amz-signature=" + secret + "&X-Amz-Security-Token=" + secret
	got := written(t, e)
	if strings.Contains(got, secret) {
		t.Errorf("a secret is in %s", got)
	}
	for _, want := range []string{"Credential=AKIA/20260102/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=REMOVED", "aws-cli", "X-Amz-Credential=AKIA"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	e.Request.Header = http.Header{"Authorization": {"Bearer " + secret}}
	e.Target = "/?" + secret + "%zz;"
	if got := written(t, e); strings.Contains(got, secret) {
		t.Errorf("a secret is in %s", got)
	}
}

func TestABodyOfAnUnknownServiceIsLeftOut(t *testing.T) {
	t.Parallel()
	e := with("application/x-amz-json-1.1", `{"SecretString":"`+secret+`"}`)
	e.Readable = false
	if got := written(t, e); strings.Contains(got, secret) || !strings.Contains(got, `"left_out"`) {
		t.Error(got)
	}
}

func TestALongBodyIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	got := bodyOf(t, with("application/json", `{"a":"`+strings.Repeat("ä", MaxBody)+`"}`)).(map[string]any)
	if n := len(got["beginning"].(string)); n > MaxBody || n < MaxBody-4 || got["bytes"] != float64(2*MaxBody+8) {
		t.Errorf("%d bytes shown of %v", n, got["bytes"])
	}
}

func TestAFailedWriteIsTold(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	if err := New(broken{full}).Write(with("", "")); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// TestNoSecretSurvivesWhereverItStands nests credentials and environments in
// values of any shape.
func TestNoSecretSurvivesWhereverItStands(t *testing.T) {
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
		e.Target, e.Answer = target, e.Request
		written(t, e)
	})
}
