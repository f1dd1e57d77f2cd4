package awsjson

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// inner and everything have a member of every supported kind.
type inner struct {
	Name  string            `json:"Name"`
	Bytes []byte            `json:"Bytes"`
	Map   map[string]string `json:"map,omitempty"`
}

type everything struct {
	Text    string           `json:"Text,omitempty"`
	Maybe   *string          `json:"Maybe,omitempty"`
	Flag    bool             `json:"Flag"`
	Small   int32            `json:"Small,omitempty"`
	Whole   int64            `json:"Whole"`
	Number  *int             `json:"Number,omitempty"`
	Bytes   []byte           `json:"Bytes,omitempty"`
	Blobs   [][]byte         `json:"Blobs,omitempty"`
	List    []string         `json:"List"`
	Inner   inner            `json:"Inner"`
	Pointer *inner           `json:"Pointer,omitempty"`
	Inners  []inner          `json:"Inners,omitempty"`
	ByName  map[string]inner `json:"ByName,omitempty"`
	Unnamed string
	Skipped string `json:"-"`
	private string //lint:ignore U1000 it must not be filled by name
}

// normal returns a text that is equal for values that differ only in empty lists and
// maps.
func normal(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lastOfEachName returns a JSON object without duplicate names: the last one counts.
func lastOfEachName(body []byte) ([]byte, error) {
	var node map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&node); err != nil {
		return nil, err
	}
	return json.Marshal(node)
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`,
		`null`,
		` {"Text" : "http:\/\/x\/0\/q" , "Maybe":"a\u00e9\ud83d\ude00\n"} `,
		`{"Number":5e0,"Small":-1,"Whole":null,"Flag":true,"Unnamed":"x","Skipped":"y","private":"z"}`,
		`{"Bytes":"AQI=","Blobs":["AQI=",null],"List":["a",null],"Inner":{"map":{"a":"b","c":null}}}`,
		`{"Inners":[{"Name":"a"},null,{}],"ByName":{"x":{"Bytes":""},"y":null},"Pointer":{"Name":"p"}}`,
		`{"Inner":{"Name":"a"},"Inner":{"Bytes":"AQI="},"Text":"a","Text":null}`,
		`{"Inner":{"Name":"\ud800","map":{}},"Other":[{"x":"}]"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got everything
		if !Decode(body, &got) {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what is not JSON: %q", body)
		}
		exact, err := lastOfEachName(body)
		if err != nil || bytes.Contains(bytes.ToLower(body), []byte(`\u`)) {
			return // a lone surrogate is not equal after a second round
		}
		var want everything
		if json.Unmarshal(exact, &want) != nil {
			return // such as 5.0 for an integer, which AWS accepts
		}
		if a, b := normal(t, got), normal(t, want); a != b {
			t.Fatalf("got  %s\nwant %s\nof   %q", a, b, body)
		}
	})
}

func TestDecodeReadsEveryKindOfMember(t *testing.T) {
	t.Parallel()
	maybe := "line\nwith \"quotes\", é and \U0001F600"
	number := 3
	want := everything{
		Text:    "t",
		Maybe:   &maybe,
		Flag:    true,
		Small:   -7,
		Whole:   1 << 60,
		Number:  &number,
		Bytes:   []byte{0, 255},
		Blobs:   [][]byte{{1}, {2, 3}},
		List:    []string{"a", ""},
		Inner:   inner{Name: "i", Bytes: []byte{1}, Map: map[string]string{"k": "v"}},
		Pointer: &inner{Name: "p"},
		Inners:  []inner{{Name: "x"}, {Map: map[string]string{"": "empty"}}},
		ByName:  map[string]inner{"n": {Name: "m"}},
		Unnamed: "u",
	}
	body, err := json.MarshalIndent(want, "", "\t")
	if err != nil {
		t.Fatal(err)
	}

	var got everything
	if !Decode(body, &got) || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", normal(t, got), normal(t, want))
	}
}

func TestDecodeAcceptsNumbersThatAreWhole(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int64{
		`{"Whole":5}`:                    5,
		`{"Whole":-5.0}`:                 -5,
		`{"Whole":5e3}`:                  5000,
		`{"Whole":9223372036854775807}`:  1<<63 - 1,
		`{ "Whole" : -9007199254740991}`: -(1<<53 - 1),
	} {
		t.Run(body, func(t *testing.T) {
			var got everything
			if !Decode([]byte(body), &got) || got.Whole != want {
				t.Errorf("got %d, want %d", got.Whole, want)
			}
		})
	}
}

func TestDecodeReportsFalse(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":                  "",
		"part of a word":         "nul",
		"null":                   "null",
		"list":                   "[]",
		"string":                 `"x"`,
		"not ended":              `{`,
		"no colon":               `{"Text"`,
		"no value":               `{"Text":}`,
		"object not ended":       `{"Text":"a"`,
		"trailing comma":         `{"Text":"a",}`,
		"trailing text":          `{"Text":"a"}x`,
		"control character":      "{\"Text\":\"a\x01\"}",
		"bad escape":             `{"Text":"\x"}`,
		"string not ended":       `{"Text":"a`,
		"escape not ended":       `{"Text":"a\`,
		"leading zero":           `{"Number":01}`,
		"fraction":               `{"Number":1.5}`,
		"string for a number":    `{"Number":"1"}`,
		"number too large":       `{"Number":1e999}`,
		"32 bits exceeded":       `{"Small":3000000000}`,
		"string for a flag":      `{"Flag":"true"}`,
		"list for a map":         `{"ByName":[]}`,
		"map for a list":         `{"Inners":{}}`,
		"bad base64":             `{"Bytes":"%"}`,
		"name without quotes":    `{Text:"a"}`,
		"unknown name":           `{"Other":1}`,
		"unknown empty name":     `{"Other":null}`,
		"name in other case":     `{"text":"a"}`,
		"unknown name inside":    `{"Inners":[{"Other":1}]}`,
		"name of a skipped one":  `{"Skipped":"a"}`,
		"name of a private one":  `{"private":"a"}`,
		"list element not ended": `{"List":["a"`,
	} {
		t.Run(name, func(t *testing.T) {
			var got everything
			if Decode([]byte(body), &got) {
				t.Errorf("%s was accepted as %+v", body, got)
			}
		})
	}
}

func TestTypesOutsideTheFastPathAreLeftAlone(t *testing.T) {
	t.Parallel()
	type recursive struct {
		Children []struct{ Child *recursive }
	}
	type embedding struct{ inner }
	for name, v := range map[string]any{
		"its own JSON": &struct{ At time.Time }{},
		"interface":    &struct{ Any any }{},
		"float":        &struct{ F float64 }{},
		"itself":       &recursive{Children: []struct{ Child *recursive }{{}}},
		"embedded":     &embedding{},
		"a tag option": &struct {
			N int `json:",string"`
		}{},
		"a key":            &struct{ M map[int]string }{},
		"no struct":        &map[string]string{},
		"nil pointer":      (*inner)(nil),
		"no pointer":       inner{},
		"unsigned integer": &struct{ U uint }{},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := Append([]byte("x"), v); ok || string(got) != "x" {
				t.Errorf("wrote %s", got)
			}
		})
	}
	if Decode([]byte(`{"At":"2026-01-02T03:04:05Z"}`), &struct{ At time.Time }{}) {
		t.Error("decoded a type with its own UnmarshalJSON")
	}
}

func TestAppendWritesWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	text := "é\n\"\\\t"
	number := 0
	for name, v := range map[string]*everything{
		"zero": {},
		"all": {
			Text:    text,
			Maybe:   &text,
			Flag:    true,
			Small:   1,
			Whole:   -1,
			Number:  &number,
			Bytes:   []byte{1, 2},
			Blobs:   [][]byte{nil, {}, {1}},
			List:    []string{"a", "b"},
			Inner:   inner{Name: "i"},
			Pointer: &inner{Bytes: []byte{}},
			Inners:  []inner{{}, {Map: map[string]string{"b": "1", "a": "2"}}},
			ByName:  map[string]inner{"b": {}, "a": {Name: "x"}},
		},
		"empty": {List: []string{}, Inners: []inner{}, ByName: map[string]inner{}, Bytes: []byte{}},
	} {
		t.Run(name, func(t *testing.T) {
			want := normal(t, v)
			got, ok := Append([]byte("x"), v)
			if !ok || string(got) != "x"+want {
				t.Errorf("got  %s\nwant x%s", got, want)
			}
		})
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\x00\x1f\u2028\xff\ufffdé")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var a, b string
		if err := json.Unmarshal(AppendString(nil, s), &a); err != nil {
			t.Fatalf("%q was written as %s: %v", s, AppendString(nil, s), err)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if a != b {
			t.Errorf("%q reads back as %q, want %q", s, a, b)
		}
	})
}

func TestPlainPrefixEndsAtTheFirstByteThatIsNotPlain(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			b := bytes.Repeat([]byte{'a'}, 20)
			b[at] = byte(c)
			b[19] = '"'
			want := 19
			if !unescaped[c] {
				want = at
			}
			if got := plainPrefix(b); got != min(want, 19) {
				t.Errorf("byte %#x at %d: a prefix of %d, want %d", c, at, got, want)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		want := 0
		for want < len(b) && unescaped[b[want]] {
			want++
		}
		if got := PlainPrefix(string(b)); got != want {
			t.Errorf("a prefix of %d, want %d", got, want)
		}
	})
}

// BenchmarkDecode decodes ten entries with strings of 200 bytes, such as a batch of
// messages.
func BenchmarkDecode(b *testing.B) {
	in := everything{}
	for range 10 {
		in.Inners = append(in.Inners, inner{Name: strings.Repeat("x", 200)})
	}
	body := []byte(normal(b, in))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var got everything
		if !Decode(body, &got) {
			b.Fatal("not accepted")
		}
	}
}

// BenchmarkAppend encodes what BenchmarkDecode decodes.
func BenchmarkAppend(b *testing.B) {
	in := everything{}
	for range 10 {
		in.Inners = append(in.Inners, inner{Name: strings.Repeat("x", 200)})
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = Append(buf[:0], &in)
	}
	b.SetBytes(int64(len(buf)))
}
