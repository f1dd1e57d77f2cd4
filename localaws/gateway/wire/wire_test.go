package wire

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

type inner struct {
	Name  string
	Count int32             `json:",omitempty"`
	Map   map[string]string `json:"map,omitempty" query:"Map,Name,Value"`
}

type embedded struct{ Marker string }

type everything struct {
	embedded
	Text    string
	Maybe   *string `json:",omitempty"`
	Flag    bool
	Whole   int64
	Share   float64
	Bytes   []byte
	When    *awsapi.Timestamp `json:",omitempty"`
	List    []string
	Inners  []inner          `json:",omitempty"`
	ByName  map[string]inner `json:",omitempty"`
	Raw     json.RawMessage  `json:",omitempty"`
	Any     any              `json:",omitempty"`
	private string           //lint:ignore U1000 what is not exported is no member, and this shows it
	Hidden  string           `json:"-"`
}

func errorOf(err error) (ErrorKind, string) {
	var e *Error
	if !errors.As(err, &e) {
		return 255, ""
	}
	return e.Kind, e.Member
}

func TestJSONDecodesEveryKindOfMember(t *testing.T) {
	t.Parallel()
	var in everything
	err := DecodeJSON([]byte(`{"Marker":"m","Text":"é\u0000","Maybe":"x","Flag":true,"Whole":-5.0,"Share":1e3,"Bytes":"AP8=","When":1767323045.25,
		"List":["a","b"],"Inners":[{"Name":"i","Count":2,"map":{"k":"v"}}],"ByName":{"n":{"Name":"j"}},"Raw":{"a":[1,2.50]},"Any":[1]}`), &in)
	if err != nil {
		t.Fatal(err)
	}
	x, when := "x", awsapi.Timestamp(time.UnixMilli(1767323045250).UTC())
	want := everything{
		embedded: embedded{"m"}, Text: "é\x00", Maybe: &x, Flag: true, Whole: -5, Share: 1000, Bytes: []byte{0, 255}, When: &when, List: []string{"a", "b"},
		Inners: []inner{{Name: "i", Count: 2, Map: map[string]string{"k": "v"}}}, ByName: map[string]inner{"n": {Name: "j"}},
		Raw: json.RawMessage(`{"a":[1,2.50]}`), Any: []any{json.Number("1")},
	}
	if !reflect.DeepEqual(in, want) {
		t.Errorf("read %+v, want %+v", in, want)
	}
}

func TestInvalidJSONIsRefused_SQS_A7(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		kind   ErrorKind
		member string
	}{
		`{`:                                 {Malformed, ""},
		`{} x`:                              {Malformed, ""},
		`null`:                              {Malformed, ""},
		`"text"`:                            {Malformed, ""},
		`{"Text":5}`:                        {Malformed, "Text"},
		`{"Text":["a"]}`:                    {Malformed, "Text"},
		`{"Flag":"true"}`:                   {Malformed, "Flag"},
		`{"Whole":1.5}`:                     {Malformed, "Whole"},
		`{"Whole":99999999999999999999}`:    {Malformed, "Whole"},
		`{"Inners":[{"Count":3000000000}]}`: {Malformed, "Inners.1.Count"},
		`{"Share":1e999}`:                   {Malformed, "Share"},
		`{"Bytes":"a"}`:                     {Malformed, "Bytes"},
		`{"When":"soon"}`:                   {Malformed, "When"},
		`{"When":1e300}`:                    {Malformed, "When"},
		`{"List":"a"}`:                      {Malformed, "List"},
		`{"Inners":{}}`:                     {Malformed, "Inners"},
		`{"ByName":[]}`:                     {Malformed, "ByName"},
		`{"text":"a"}`:                      {Unsupported, "text"},
		`{"Hidden":"a"}`:                    {Unsupported, "Hidden"},
		`{"private":"a"}`:                   {Unsupported, "private"},
		`{"Other":false}`:                   {Unsupported, "Other"},
		`{"Inners":[{},{"Other":1}]}`:       {Unsupported, "Inners.2.Other"},
		`{"ByName":{"n":{"Other":1}}}`:      {Unsupported, "ByName.n.Other"},
	} {
		t.Run(body, func(t *testing.T) {
			kind, member := errorOf(DecodeJSON([]byte(body), new(everything)))
			if kind != want.kind || member != want.member {
				t.Errorf("kind %d of %q, want %d of %q", kind, member, want.kind, want.member)
			}
		})
	}
}

func TestEmptyUnknownMembersAreIgnored(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, ` `, `{}`, `{"Other":null}`, `{"Other":""}`, `{"Other":[]}`, `{"Other":{}}`, `{"Text":null,"Inners":null}`} {
		t.Run(body, func(t *testing.T) {
			if err := DecodeJSON([]byte(body), new(everything)); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestQueryDecodesListsAndMapsInBothForms(t *testing.T) {
	t.Parallel()
	for flat, form := range map[bool]string{
		true: "Inners.2.Name=b&Inners.1.Name=a&Inners.10.Name=c&List.1=x&ByName.1.key=k&ByName.1.value.Name=n&Inners.1.Map.1.Name=mk&Inners.1.Map.1.Value=mv",
		false: "Inners.member.2.Name=b&Inners.member.1.Name=a&Inners.member.10.Name=c&List.member.1=x&ByName.entry.1.key=k&ByName.entry.1.value.Name=n" +
			"&Inners.member.1.Map.entry.1.Name=mk&Inners.member.1.Map.entry.1.Value=mv",
	} {
		t.Run(fmt.Sprint("flattened ", flat), func(t *testing.T) {
			values, err := url.ParseQuery(form + "&Action=X&Version=1&X-Amz-Date=2&Marker=m&Whole=7&Flag=true&Bytes=AP8%3D&When=2026-01-02T03:04:05Z&Maybe=&Share=.5")
			if err != nil {
				t.Fatal(err)
			}
			var in everything
			if err := (Query{Flattened: flat}).Decode(values, &in); err != nil {
				t.Errorf("flattened %v: %v", flat, err)
				return
			}
			none, when := "", awsapi.Timestamp(time.Unix(1767323045, 0).UTC())
			want := everything{
				embedded: embedded{"m"}, Maybe: &none, Flag: true, Whole: 7, Share: .5, Bytes: []byte{0, 255}, When: &when, List: []string{"x"},
				Inners: []inner{{Name: "a", Map: map[string]string{"mk": "mv"}}, {Name: "b"}, {Name: "c"}}, ByName: map[string]inner{"k": {Name: "n"}},
			}
			if !reflect.DeepEqual(in, want) {
				t.Errorf("flattened %v: read %+v, want %+v", flat, in, want)
			}
		})
	}
}

func TestInvalidQueryIsRefused(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]struct {
		kind   ErrorKind
		member string
	}{
		"Other=1": {Unsupported, "Other"}, "Inners.1.Other=1": {Unsupported, "Inners.1.Other"}, "Text.1=a": {Unsupported, "Text.1"},
		"List=a": {Malformed, "List"}, "List.x=a": {Malformed, "List.x"}, "List.0=a": {Malformed, "List.0"},
		"Flag=yes": {Malformed, "Flag"}, "Whole=1.5": {Malformed, "Whole"}, "Whole=": {Malformed, "Whole"}, "Share=NaN": {Malformed, "Share"},
		"When=soon": {Malformed, "When"}, "Inners.1=a": {Malformed, "Inners.1"},
		"ByName.1.value.Name=a": {Malformed, "ByName.1"}, "ByName.1.key=k&ByName.1.weight=1": {Unsupported, "ByName.1.weight"},
		"Bytes=%21": {Malformed, "Bytes"}, "List.1......................................=a": {Malformed, "List.1......................................"},
	} {
		t.Run(form, func(t *testing.T) {
			values, err := url.ParseQuery(form)
			if err != nil {
				t.Fatal(err)
			}
			if kind, member := errorOf((Query{Flattened: true}).Decode(values, new(everything))); kind != want.kind || member != want.member {
				t.Errorf("kind %d of %q, want %d of %q", kind, member, want.kind, want.member)
			}
		})
	}
}

// Values that one protocol encodes are decoded unchanged.
func TestValuesSurviveJSONAndCBOR(t *testing.T) {
	t.Parallel()
	codec, err := NewCBOR()
	if err != nil {
		t.Fatal(err)
	}
	text := rapid.StringOf(rapid.Rune())
	gen := rapid.Custom(func(t *rapid.T) everything {
		at := awsapi.Timestamp(time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "ms")).UTC())
		return everything{
			embedded: embedded{text.Draw(t, "marker")}, Text: text.Draw(t, "text"), Flag: rapid.Bool().Draw(t, "flag"),
			Whole: rapid.Int64().Draw(t, "whole"), Share: rapid.Float64Range(-1e9, 1e9).Draw(t, "share"), When: &at,
			Bytes: rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "bytes"), List: rapid.SliceOfN(text, 1, 3).Draw(t, "list"),
			Inners: []inner{{Name: text.Draw(t, "name"), Map: rapid.MapOfN(text, text, 1, 3).Draw(t, "map")}},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := gen.Draw(t, "value")
		b, err := AppendJSON(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		var overJSON, overCBOR everything
		if err := DecodeJSON(b, &overJSON); err != nil {
			t.Fatal(err)
		}
		if b, err = codec.Encode(&want); err != nil {
			t.Fatal(err)
		}
		if err := codec.Decode(b, &overCBOR); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(overJSON, want) || !reflect.DeepEqual(overCBOR, want) {
			t.Fatalf("wrote %+v\nJSON %+v\nCBOR %+v", want, overJSON, overCBOR)
		}
	})
}

func TestInvalidCBORIsRefused(t *testing.T) {
	t.Parallel()
	codec, err := NewCBOR()
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]ErrorKind{
		"":                  255,
		"\xa0":              255,
		"\xff":              Malformed,
		"\x80":              Malformed,   // a list
		"\xa1\x64Text\x05":  Malformed,   // a number for a text
		"\xa1\x65Other\x05": Unsupported, // an unknown member
		"\xa1\x65Whole\x1b\xff\xff\xff\xff\xff\xff\xff\xff": Malformed, // over 63 bits
		"\xa1\x65Share\xf9\x7e\x00":                         Malformed, // NaN
		"\xa2\x64Text\x61a\x64Text\x61b":                    Malformed, // twice
		"\xa1\x01\x02":                                      Malformed, // a number for a name
	} {
		t.Run(body, func(t *testing.T) {
			if kind, _ := errorOf(codec.Decode([]byte(body), new(everything))); kind != want {
				t.Errorf("%x: kind %d, want %d", body, kind, want)
			}
		})
	}
}

type restIn struct {
	Name   string   `json:"-" path:"Name"`
	Max    *int32   `json:"-" querystring:"MaxItems"`
	Keys   []string `json:"-" querystring:"tagKeys"`
	Header string   `json:"-" header:"X-Kind"`
	Body   string
}

func TestRESTDecodesFromEveryLocation(t *testing.T) {
	t.Parallel()
	r := Request{
		Path: map[string]string{"Name": "n/m"}, Query: url.Values{"MaxItems": {"5"}, "tagKeys": {"a", "b"}, "X-Amz-Date": {"now"}, "Empty": {""}},
		Header: http.Header{"X-Kind": {"k"}}, Body: []byte(`{"Body":"b"}`),
	}
	var in restIn
	if err := DecodeREST(r, &in); err != nil {
		t.Fatal(err)
	}
	five := int32(5)
	if diff := cmp.Diff(restIn{"n/m", &five, []string{"a", "b"}, "k", "b"}, in); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		change func(*Request)
		kind   ErrorKind
		member string
	}{
		{func(r *Request) { r.Query = url.Values{"MaxItems": {"many"}} }, Malformed, "MaxItems"},
		{func(r *Request) { r.Query = url.Values{"Other": {"1"}} }, Unsupported, "Other"},
		{func(r *Request) { r.Body = []byte(`{"Name":"n"}`) }, Unsupported, "Name"},
		{func(r *Request) { r.Body = []byte(`[`) }, Malformed, ""},
	} {
		t.Run(fmt.Sprint(tt.kind, " ", tt.member), func(t *testing.T) {
			changed := r
			tt.change(&changed)
			if kind, member := errorOf(DecodeREST(changed, new(restIn))); kind != tt.kind || member != tt.member {
				t.Errorf("kind %d of %q, want %d of %q", kind, member, tt.kind, tt.member)
			}
		})
	}
}

// XML is well-formed with any text in it, and a carriage return is written as a
// character reference (SQS B11).
func TestXMLIsReadableWithAnyText_SQS_B11(t *testing.T) {
	t.Parallel()
	type out struct{ Text string }
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + "\r\n"
		b := Query{Namespace: "urn:x"}.AppendXML(nil, "Op", &out{text}, "id")
		var back struct{ OpResult out }
		if err := xml.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if got := back.OpResult.Text; got[len(got)-2:] != "\r\n" {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"Text":"a","Inners":[{"Name":"b","map":{"k":"v"}}],"When":1.5,"Bytes":"AP8=","Any":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var in everything
		if DecodeJSON(b, &in) != nil {
			return
		}
		if _, err := AppendJSON(nil, &in); err != nil {
			t.Errorf("decoded %q and cannot encode it: %v", b, err)
		}
	})
}

func FuzzDecodeQuery(f *testing.F) {
	f.Add("Inners.1.Name=a&ByName.1.key=k&ByName.1.value.Name=n&List.1=x&When=2026-01-02T03:04:05Z", true)
	f.Add("Inners.member.1.Name=a&ByName.entry.1.key=k&List.member.2=x&Raw=%5B1%5D", false)
	f.Fuzz(func(t *testing.T, form string, flat bool) {
		values, err := url.ParseQuery(form)
		if err != nil {
			return
		}
		q := Query{Flattened: flat, Namespace: "urn:x"}
		var in everything
		if q.Decode(values, &in) != nil {
			return
		}
		in.Raw, in.Any = nil, nil // only inputs have them
		if err := xml.Unmarshal(q.AppendXML(nil, "Op", &in, "id"), new(struct{})); err != nil {
			t.Errorf("%q gives XML that cannot be read: %v", form, err)
		}
	})
}

func FuzzDecodeCBOR(f *testing.F) {
	codec, err := NewCBOR()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\xa1\x64Text\x61a"))
	f.Add([]byte("\xa1\x64When\xc1\xfb\x41\xda\x55\xc0\x39\x50\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var in everything
		if codec.Decode(b, &in) != nil {
			return
		}
		if _, err := codec.Encode(&in); err != nil {
			t.Errorf("decoded %x and cannot encode it: %v", b, err)
		}
	})
}

func FuzzDecodeREST(f *testing.F) {
	f.Add("n", "MaxItems=5&tagKeys=a", []byte(`{"Body":"b"}`))
	f.Fuzz(func(t *testing.T, name, query string, body []byte) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		var in restIn
		if DecodeREST(Request{Path: map[string]string{"Name": name}, Query: values, Body: body}, &in) == nil && in.Name != name {
			t.Errorf("path %q became %q", name, in.Name)
		}
	})
}
