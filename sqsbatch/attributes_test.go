package sqsbatch_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/sqsbatch"
)

// attributed returns a message with the attribute "a".
func attributed(dataType, value string) sqsbatch.Message[string] {
	a := events.SQSMessageAttribute{DataType: dataType}
	if strings.HasPrefix(dataType, "Binary") {
		a.BinaryValue = []byte(value)
	} else {
		a.StringValue = &value
	}
	return sqsbatch.Message[string]{Raw: &events.SQSMessage{MessageAttributes: map[string]events.SQSMessageAttribute{"a": a}}}
}

func TestInt64IsExact(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]any{
		"0": int64(0), "-0": int64(0), "+7": int64(7), "007": int64(7), "12.0": int64(12), "1.2e1": int64(12), "120E-1": int64(12), "0e999999999": int64(0),
		"9223372036854775807": int64(math.MaxInt64), "-9223372036854775808": int64(math.MinInt64), "9223372036854775807.0": int64(math.MaxInt64),
		"9223372036854775808": "out of range", "-9223372036854775809": "out of range", "9223372036854775808.0": "out of range", "1e19": "out of range",
		"1e999999999": "out of range", "1e-999999999": "out of range",
		"1.5": "not an integer", "1e-9": "not an integer", "9007199254740993.5": "not an integer",
		"": "not a decimal", "x": "not a decimal", "0x10": "not a decimal", "1/2": "not a decimal", "1_000": "not a decimal", "inf": "not a decimal",
		"NaN": "not a decimal", " 1": "not a decimal", "1e": "not a decimal", "--1": "not a decimal",
		strings.Repeat("0", 300) + "x": "more than 256 characters",
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			n, ok, err := attributed("Number", value).Int64("a")
			if !ok {
				t.Error("the attribute does not exist")
			}
			check(t, any(n), err, want)
		})
	}
}

func TestFloat64LosesNoDigits(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]any{
		"0": 0.0, "0.1": 0.1, "-1.50": -1.5, "1e21": 1e21, "9007199254740992": 9007199254740992.0, "1e126": 1e126, "1e-128": 1e-128, "100": 100.0,
		"9007199254740993": "more digits", "0.1000000000000000055": "more digits", "12345678901234567890123456789012345678": "more digits",
		"1e309": "out of range", "1e-400": "out of range", "1e-999999999": "out of range",
		"Inf": "not a decimal", "0x1p4": "not a decimal", "": "not a decimal",
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			f, ok, err := attributed("Number.float", value).Float64("a")
			if !ok {
				t.Error("the attribute does not exist")
			}
			check(t, any(f), err, want)
		})
	}
}

// check checks a value, or the text of an error if want is a string.
func check(t *testing.T, got any, err error, want any) {
	t.Helper()
	text, fails := want.(string)
	var failed *sqsbatch.AttributeError
	switch {
	case !fails && (err != nil || got != want):
		t.Errorf("%v, %v, want %v", got, err, want)
	case fails && (!errors.As(err, &failed) || failed.Name != "a" || !strings.Contains(err.Error(), text)):
		t.Errorf("%v, error %v, want %s", got, err, text)
	}
}

func TestNumbersSurviveTheirText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		if got, _, err := attributed("Number", strconv.FormatInt(n, 10)).Int64("a"); err != nil || got != n {
			t.Fatalf("%d became %d, %v", n, got, err)
		}
		f := rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }).Draw(t, "f")
		for _, format := range []byte{'e', 'g'} {
			if got, _, err := attributed("Number", strconv.FormatFloat(f, format, -1, 64)).Float64("a"); err != nil || got != f {
				t.Fatalf("%v became %v, %v", f, got, err)
			}
		}
	})
}

func TestTypedAccessorsRefuseOtherTypes(t *testing.T) {
	t.Parallel()
	for dataType, want := range map[string]string{
		"String": "text", "String.json": "text", "Number": "number", "Number.int": "number", "Binary": "bytes", "Binary.png": "bytes", "Stringly": "", "": "",
	} {
		t.Run(dataType, func(t *testing.T) {
			t.Parallel()
			m := attributed(dataType, "7")
			s, _, textErr := m.Text("a")
			n, _, intErr := m.Int64("a")
			f, _, floatErr := m.Float64("a")
			b, _, bytesErr := m.Bytes("a")
			for kind, err := range map[string]error{"text": textErr, "number": errors.Join(intErr, floatErr), "bytes": bytesErr} {
				if (err == nil) != (kind == want) {
					t.Errorf("%s: %v", kind, err)
				}
				if err != nil && !strings.Contains(err.Error(), `message attribute "a" of type "`+dataType+`": want `) {
					t.Errorf("%s: %v", kind, err)
				}
			}
			if want == "text" && s != "7" || want == "number" && (n != 7 || f != 7) || want == "bytes" && string(b) != "7" {
				t.Errorf("%q %d %v %q", s, n, f, b)
			}
			if !m.HasAttribute("a") || m.HasAttribute("b") {
				t.Error("HasAttribute is wrong")
			}
		})
	}
}

func TestAbsentAttributesAreNoError(t *testing.T) {
	t.Parallel()
	var m sqsbatch.Message[string]
	_, text, err1 := m.Text("a")
	_, whole, err2 := m.Int64("a")
	_, float, err3 := m.Float64("a")
	_, bytes, err4 := m.Bytes("a")
	if err := errors.Join(err1, err2, err3, err4); err != nil || text || whole || float || bytes {
		t.Errorf("%v %v %v %v, error %v", text, whole, float, bytes, err)
	}
}

func TestAttributeWithoutAValueIsAnError(t *testing.T) {
	t.Parallel()
	m := sqsbatch.Message[string]{Raw: &events.SQSMessage{MessageAttributes: map[string]events.SQSMessageAttribute{
		"s": {DataType: "String"}, "n": {DataType: "Number"}, "b": {DataType: "Binary"},
	}}}
	_, _, err1 := m.Text("s")
	_, _, err2 := m.Int64("n")
	_, _, err3 := m.Bytes("b")
	for _, err := range []error{err1, err2, err3} {
		t.Run("", func(t *testing.T) {
			if err == nil || !strings.HasSuffix(err.Error(), "it has no value") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Values may be secrets, and up to a mebibyte long.
func TestAttributeErrorQuotesTheBeginningOfAValue(t *testing.T) {
	t.Parallel()
	_, _, err := attributed("Number", "x"+strings.Repeat("1", 1000)).Int64("a")
	if err == nil || len(err.Error()) > 300 {
		t.Errorf("error %v", err)
	}
	_, _, err = attributed("Number", "abc").Int("a")
	var failed *sqsbatch.AttributeError
	if !errors.As(err, &failed) || failed.Want != "int" || !errors.Is(err, strconv.ErrSyntax) {
		t.Errorf("error %v", err)
	}
}

func TestSystemAttributes(t *testing.T) {
	t.Parallel()
	raw := grouped("id", "g")
	for name, value := range map[string]string{
		"ApproximateFirstReceiveTimestamp": "946684801500", "SenderId": "AIDA", "MessageDeduplicationId": "d", "SequenceNumber": "18849496460467696128",
		"DeadLetterQueueSourceArn": standardARN, "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
	} {
		raw.Attributes[name] = value
	}
	m := sqsbatch.Message[string]{Raw: &raw}
	got := []string{m.SenderID(), m.DeduplicationID(), m.SequenceNumber(), m.DeadLetterSource(), m.Trace().Header}
	want := []string{"AIDA", "d", "18849496460467696128", standardARN, raw.Attributes["AWSTraceHeader"]}
	if diff := cmp.Diff(want, got); diff != "" || !m.Trace().Valid() {
		t.Error(diff)
	}
	if want := time.Date(2000, 1, 1, 0, 0, 1, 5e8, time.UTC); !m.FirstReceivedAt().Equal(want) {
		t.Errorf("first received at %v", m.FirstReceivedAt())
	}
	if value, ok := m.SystemAttribute("MessageGroupId"); value != "g" || !ok {
		t.Errorf("%q, %v", value, ok)
	}
	if _, ok := m.SystemAttribute("absent"); ok {
		t.Error("an absent attribute exists")
	}

	var empty sqsbatch.Message[string]
	if !empty.FirstReceivedAt().IsZero() || empty.SenderID() != "" || empty.Trace() != (sqsbatch.Trace{}) {
		t.Error("an empty message has attributes")
	}
}

func FuzzNumberAttributes(f *testing.F) {
	for _, seed := range []string{"1", "-1.50e3", "1e999999999", "0e-999999999", "9007199254740993", "0x1p1", "..", "1e1e1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		m := attributed("Number", value)
		n, _, err := m.Int64("a")
		float, _, floatErr := m.Float64("a")
		if err == nil && floatErr == nil && float64(n) != float {
			t.Errorf("%q is %d and %v", value, n, float)
		}
	})
}
