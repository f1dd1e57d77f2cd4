package sqs

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sendErr sends a message and returns the error.
func (b *bench) sendErr(in SendMessageInput) error {
	_, err := do(b, b.s.SendMessage, in)
	return err
}

func TestResponseOfASend_F1_A17(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := must(b, b.s.SendMessage, SendMessageInput{QueueURL: b.queue("q"), MessageBody: "hello"})
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(out.MessageID) {
		t.Errorf("message id %s is not a UUID", out.MessageID)
	}
	if out.MD5OfMessageBody != "5d41402abc4b2a76b9719d911017c592" {
		t.Errorf("MD5 %s", out.MD5OfMessageBody)
	}
	if out.MD5OfMessageAttributes != "" || out.MD5OfMessageSystemAttributes != "" || out.SequenceNumber != "" {
		t.Errorf("members that do not apply: %+v", out)
	}
}

func TestEmptyBodyCountsAsMissing_F2(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refused(t, b.sendErr(SendMessageInput{QueueURL: b.queue("q")}), "MissingRequiredParameterException", "MissingParameter", 400,
		"The request must contain the parameter MessageBody.")
}

func TestCharactersAllowedInABody_F3(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	for body, want := range map[string]string{
		"\t\n\r ~\u0080\uD7FF\uE000\uFFFD\U00010000\U0010FFFF": "",
		"a\x00":   "#x0",
		"\x07":    "#x7",
		"ab\x1f":  "#x1F",
		"\uFFFE":  "#xFFFE",
		"x\uFFFF": "#xFFFF",
		"\xff":    "#xFF",
		"é\x0b":   "#xB",
	} {
		t.Run(fmt.Sprintf("%q", body), func(t *testing.T) {
			b := b.with(t)
			err := b.sendErr(SendMessageInput{QueueURL: url, MessageBody: body})
			if want == "" {
				if err != nil {
					t.Errorf("%q: %v", body, err)
				}
				return
			}
			refused(t, err, "InvalidMessageContents", "InvalidMessageContents", 400, "Invalid binary character '"+want+"' was found in the message body, "+
				"the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].")
		})
	}
}

func TestSizeIncludesAttributesButNotTheTraceHeader_F4_F5(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "MaximumMessageSize", "1024")
	in := SendMessageInput{
		QueueURL: url,
		MessageAttributes: map[string]MessageAttributeValue{
			"name": {DataType: "String", StringValue: ref("12345")}, // 4 + 6 + 5
			"b":    {DataType: "Binary", BinaryValue: []byte{1, 2}}, // 1 + 6 + 2
		},
		MessageSystemAttributes: map[string]MessageAttributeValue{"AWSTraceHeader": {DataType: "String", StringValue: ref("Root=1-2-3")}},
	}
	in.MessageBody = strings.Repeat("x", 1024-24)
	must(b, b.s.SendMessage, in)
	in.MessageBody += "x"
	invalidValue(t, b.sendErr(in), "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
	in.MessageBody = strings.Repeat("é", 501)
	invalidValue(t, b.sendErr(in), "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
}

func TestDelayOverridesThatOfTheQueue_F6(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q", "DelaySeconds", "60")
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "now",
		DelaySeconds: ref(0),
	})
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:     url,
		MessageBody:  "late",
		DelaySeconds: ref(900),
	})
	b.send(url, "queue's")
	if got := b.counts(url); got != [3]int{1, 0, 2} {
		t.Errorf("counts %v", got)
	}
	b.advance(60 * time.Second)
	if got := b.counts(url); got != [3]int{2, 0, 1} {
		t.Errorf("after a minute %v", got)
	}
	b.advance(840 * time.Second)
	if got := b.counts(url); got != [3]int{3, 0, 0} {
		t.Errorf("after 15 minutes %v", got)
	}
	for _, n := range []int{-1, 901, 1000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := b.with(t)
			invalidValue(t, b.sendErr(SendMessageInput{
				QueueURL:     url,
				MessageBody:  "x",
				DelaySeconds: &n,
			}),
				"Value "+strconv.Itoa(n)+" for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.")
		})
	}
}

func TestFIFOQueueRefusesAMessageDelay_F7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q", "DelaySeconds", "5")
	in := SendMessageInput{
		QueueURL:               url,
		MessageBody:            "x",
		MessageGroupID:         ref("g"),
		MessageDeduplicationID: ref("d"),
		DelaySeconds:           ref(2),
	}
	invalidValue(t, b.sendErr(in), "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.")
	in.DelaySeconds = ref(0)
	must(b, b.s.SendMessage, in)
	if got := b.counts(url); got != [3]int{0, 0, 1} {
		t.Errorf("counts %v, want the queue's delay to apply", got)
	}
}

func TestGroupIDInAStandardQueue_F8_F9(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	invalidValue(t, b.sendErr(SendMessageInput{
		QueueURL:               url,
		MessageBody:            "x",
		MessageDeduplicationID: ref("d"),
	}),
		"Value d for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not valid for this queue type.")
	out := must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:       url,
		MessageBody:    "x",
		MessageGroupID: ref("tenant"),
	})
	m := b.one(url)
	if out.SequenceNumber != "" || m.Attributes["MessageGroupId"] != "tenant" || m.Attributes["SequenceNumber"] != "" {
		t.Errorf("response %+v, attributes %v", out, m.Attributes)
	}
}

func TestGroupAndDeduplicationIDValidation_F10(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	for _, bad := range []string{"", " ", "a b", strings.Repeat("x", 129), "é", "\x7f"} {
		t.Run(fmt.Sprintf("%.10q", bad), func(t *testing.T) {
			b := b.with(t)
			for _, name := range []string{"MessageGroupId", "MessageDeduplicationId"} {
				in := SendMessageInput{
					QueueURL:               url,
					MessageBody:            "x",
					MessageGroupID:         ref("g"),
					MessageDeduplicationID: ref("d"),
				}
				if name == "MessageGroupId" {
					in.MessageGroupID = &bad
				} else {
					in.MessageDeduplicationID = &bad
				}
				invalidValue(t, b.sendErr(in), "Value "+bad+" for parameter "+name+" is invalid. Reason: "+name+
					" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
			}
		})
	}
	all := "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ0"
	must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:               url,
		MessageBody:            "x",
		MessageGroupID:         &all,
		MessageDeduplicationID: &all,
	})
}

func TestFIFOQueueRequiresGroupAndDeduplicationID_F11(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.fifo("q")
	refused(t, b.sendErr(SendMessageInput{QueueURL: url, MessageBody: "x"}), "MissingRequiredParameterException", "MissingParameter", 400,
		"The request must contain the parameter MessageGroupId.")
	invalidValue(t, b.sendErr(SendMessageInput{
		QueueURL:       url,
		MessageBody:    "x",
		MessageGroupID: ref("g"),
	}),
		"The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
}

func TestTraceHeader_F12(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	c := call()
	c.Trace = "Root=1-from-the-request"
	if _, err := b.s.SendMessage(context.Background(), c, &SendMessageInput{QueueURL: url, MessageBody: "x"}); err != nil {
		t.Fatal(err)
	}
	if got := b.one(url).Attributes["AWSTraceHeader"]; got != "Root=1-from-the-request" {
		t.Errorf("AWSTraceHeader %q", got)
	}
	bad := map[string]MessageAttributeValue{"Other": {DataType: "String", StringValue: ref("x")}}
	invalidValue(t, b.sendErr(SendMessageInput{
		QueueURL:                url,
		MessageBody:             "x",
		MessageSystemAttributes: bad,
	}),
		"Message system attribute name 'Other' is invalid.")
	wrong := map[string]MessageAttributeValue{"AWSTraceHeader": {DataType: "Number", StringValue: ref("1")}}
	if b.sendErr(SendMessageInput{
		QueueURL:                url,
		MessageBody:             "x",
		MessageSystemAttributes: wrong,
	}) == nil {
		t.Error("a trace header of type Number was accepted")
	}
}

func TestDigestsOfAttributes_G10(t *testing.T) {
	t.Parallel()
	str := func(kind, v string) MessageAttributeValue {
		return MessageAttributeValue{DataType: kind, StringValue: &v}
	}
	color := str("String", "blue")
	for want, attrs := range map[string]map[string]MessageAttributeValue{
		"d838729972a4b70e2d2acd9d59ac847c": {
			"color": color,
			"count": str("Number", "3"),
			"blob":  {DataType: "Binary", BinaryValue: []byte{1, 2, 3}},
		},
		"da1b33cc3cbfe8b1630921e78e6b9880": {"color": color},
		"235c5c510d26fb653d073faed50ae77c": {"timestamp": str("Number", "1493147359900")},
		"9fe1b90bbd9965bdf77bac517c7d2495": {"customNumberTypeAttrib": str("Number.float", "4563442423554324324264524243.32543234")},
	} {
		t.Run(want, func(t *testing.T) {
			b := newBench(t)
			url := b.queue("q")
			out := must(b, b.s.SendMessage, SendMessageInput{
				QueueURL:          url,
				MessageBody:       "x",
				MessageAttributes: attrs,
			})
			if got := b.one(url).MD5OfMessageAttributes; out.MD5OfMessageAttributes != want || got != want {
				t.Errorf("send %s, receive %s, want %s", out.MD5OfMessageAttributes, got, want)
			}
		})
	}
	b := newBench(t)
	trace := str("String", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	system := map[string]MessageAttributeValue{"AWSTraceHeader": trace}
	out := must(b, b.s.SendMessage, SendMessageInput{
		QueueURL:                b.queue("q"),
		MessageBody:             "x",
		MessageSystemAttributes: system,
	})
	if out.MD5OfMessageSystemAttributes != "5ae4d5d7636402d80f4eb6d213245a88" || out.MD5OfMessageAttributes != "" {
		t.Errorf("response %+v", out)
	}
}

func TestInvalidMessageAttributesAreRefused_G1_G2_G3_G4_G5_G6_G7_G8(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	text := func(v string) MessageAttributeValue {
		return MessageAttributeValue{DataType: "String", StringValue: &v}
	}
	number := func(v string) MessageAttributeValue {
		return MessageAttributeValue{DataType: "Number", StringValue: &v}
	}
	const reserved = "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use."
	const types = " is invalid. You must use only the following supported type prefixes: Binary, Number, String."
	for _, tt := range []struct {
		name string
		v    MessageAttributeValue
		want string
	}{
		{strings.Repeat("a", 257), text("x"), "Message (user) attribute name must be shorter than 256 bytes."},
		{"AWS.x", text("x"), reserved},
		{"amazon.x", text("x"), reserved},
		{".x", text("x"), "Message (user) attribute name must not begin with character '.'."},
		{"x.", text("x"), "Message (user) attribute name must not end with character '.'."},
		{"x..y", text("x"), "Message (user) attribute name must not have successive '.' characters."},
		{"a b", text("x"), "Message (user) attribute name 'a b' contains an invalid character."},
		{"a", MessageAttributeValue{DataType: "string", StringValue: ref("x")}, "The type of message (user) attribute 'a'" + types},
		{"a", MessageAttributeValue{StringValue: ref("x")}, "The type of message (user) attribute 'a'" + types},
		{"a", MessageAttributeValue{DataType: "Stringy", StringValue: ref("x")}, "The type of message (user) attribute 'a'" + types},
		{"a", text(""), "Message (user) attribute 'a' must contain a non-empty value of type 'String'."},
		{"a", MessageAttributeValue{DataType: "Binary"}, "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'."},
		{"a", MessageAttributeValue{DataType: "Binary", StringValue: ref("x")}, "The message (user) attribute 'a' with type 'Binary' must use field 'Binary'."},
		{"a", MessageAttributeValue{DataType: "String", BinaryValue: []byte{1}}, "Message (user) attribute 'a' with type 'String' must use field 'String'."},
		{"a", MessageAttributeValue{
			DataType:    "String",
			StringValue: ref("x"),
			BinaryValue: []byte{1},
		}, "Message (user) attribute 'a' must have a single value."},
		{"a", number("one"), "Can't cast the value of message (user) attribute 'a' to a number."},
		{"a", number("1e127"), "Can't cast the value of message (user) attribute 'a' to a number."},
		{"a", number(strings.Repeat("1", 39)), "Can't cast the value of message (user) attribute 'a' to a number."},
		{"a", text("x\x07"), "Invalid binary character '#x7' was found in the message attribute 'a' value, the set of allowed characters is " + allowedCharsText + "."},
	} {
		t.Run(tt.want, func(t *testing.T) {
			b := b.with(t)
			err := b.sendErr(SendMessageInput{
				QueueURL:          url,
				MessageBody:       "x",
				MessageAttributes: map[string]MessageAttributeValue{tt.name: tt.v},
			})
			invalidValue(t, err, tt.want)
		})
	}
	many := map[string]MessageAttributeValue{}
	for i := range 11 {
		many["a"+strconv.Itoa(i)] = text("x")
	}
	invalidValue(t, b.sendErr(SendMessageInput{
		QueueURL:          url,
		MessageBody:       "x",
		MessageAttributes: many,
	}),
		"Number of message attributes [11] exceeds the allowed maximum [10].")
	lists := MessageAttributeValue{DataType: "String", StringListValues: []string{"a"}}
	err := b.sendErr(SendMessageInput{
		QueueURL:          url,
		MessageBody:       "x",
		MessageAttributes: map[string]MessageAttributeValue{"a": lists},
	})
	refused(t, err, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400,
		"Message attribute list values in SendMessage operation are not supported.")
}

func TestValidMessageAttributesAreAccepted_G2_G3_G7(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	url := b.queue("q")
	in := SendMessageInput{
		QueueURL:    url,
		MessageBody: "x",
		MessageAttributes: map[string]MessageAttributeValue{
			strings.Repeat("a", 256): {DataType: "String", StringValue: ref("x")},
			"øßä":                    {DataType: "String.label", StringValue: ref("x")},
			"a.b-c_9":                {DataType: "Number.int", StringValue: ref("-007.500")},
			"big":                    {DataType: "Number", StringValue: ref("1E125")},
			"small":                  {DataType: "Number", StringValue: ref("1e-128")},
			"zero":                   {DataType: "Number", StringValue: ref("0")},
			"amazonian": {
				DataType:         "Binary.png",
				BinaryValue:      []byte{0},
				StringListValues: []string{},
			},
		},
	}
	must(b, b.s.SendMessage, in)
	got := b.one(url).MessageAttributes
	if len(got) != len(in.MessageAttributes) || *got["a.b-c_9"].StringValue != "-007.500" {
		t.Errorf("attributes was restored as %v: want numbers stored verbatim (Z13)", got)
	}
}

func FuzzIsNumber(f *testing.F) {
	for _, s := range []string{"1", "-1.5e3", "", ".", "1e", "1e99999999999", "00.00", "+.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !isNumber(s) {
			return
		}
		if _, err := strconv.ParseFloat(s, 64); err != nil && !strings.Contains(err.Error(), "range") {
			t.Errorf("%q is accepted as a number", s)
		}
	})
}
