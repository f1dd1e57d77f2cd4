package sqs

import (
	"encoding/base64"
	"maps"
	"slices"
	"unicode/utf8"
)

// jsonWriter writes an object's members one after another.
type jsonWriter struct {
	b []byte
}

// next begins a member, with a comma where one came before.
func (w *jsonWriter) next(name string) {
	if last := w.b[len(w.b)-1]; last != '{' && last != '[' {
		w.b = append(w.b, ',')
	}
	w.b = appendJSONString(w.b, name)
	w.b = append(w.b, ':')
}

// string writes a member.
func (w *jsonWriter) string(name, value string) {
	w.next(name)
	w.b = appendJSONString(w.b, value)
}

// given writes a member unless it is empty.
func (w *jsonWriter) given(name, value string) {
	if value != "" {
		w.string(name, value)
	}
}

// list writes a member that is a list, unless it is empty.
func list[E any](w *jsonWriter, name string, all []E, element func(*E)) {
	if len(all) == 0 {
		return
	}
	w.next(name)
	w.b = append(w.b, '[')
	for i := range all {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		element(&all[i])
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

// AppendAWSJSON writes the output as AWS JSON 1.0.
func (out *SendMessageOutput) AppendAWSJSON(dst []byte) []byte {
	w := &jsonWriter{append(dst, '{')}
	w.string("MD5OfMessageBody", out.MD5OfMessageBody)
	w.given("MD5OfMessageAttributes", out.MD5OfMessageAttributes)
	w.given("MD5OfMessageSystemAttributes", out.MD5OfMessageSystemAttributes)
	w.string("MessageId", out.MessageID)
	w.given("SequenceNumber", out.SequenceNumber)
	return append(w.b, '}')
}

// AppendAWSJSON writes the output as AWS JSON 1.0.
func (out *SendMessageBatchOutput) AppendAWSJSON(dst []byte) []byte {
	w := &jsonWriter{append(dst, '{')}
	list(w, "Successful", out.Successful, func(e *SendMessageBatchResultEntry) {
		w.string("Id", e.ID)
		w.string("MessageId", e.MessageID)
		w.string("MD5OfMessageBody", e.MD5OfMessageBody)
		w.given("MD5OfMessageAttributes", e.MD5OfMessageAttributes)
		w.given("MD5OfMessageSystemAttributes", e.MD5OfMessageSystemAttributes)
		w.given("SequenceNumber", e.SequenceNumber)
	})
	w.failed(out.Failed)
	return append(w.b, '}')
}

// AppendAWSJSON writes the output as AWS JSON 1.0.
func (out *DeleteMessageBatchOutput) AppendAWSJSON(dst []byte) []byte {
	return appendBatch(dst, out.Successful, out.Failed)
}

// AppendAWSJSON writes the output as AWS JSON 1.0.
func (out *ChangeMessageVisibilityBatchOutput) AppendAWSJSON(dst []byte) []byte {
	return appendBatch(dst, out.Successful, out.Failed)
}

func appendBatch(dst []byte, ok []BatchResultEntry, bad []BatchResultErrorEntry) []byte {
	w := &jsonWriter{append(dst, '{')}
	list(w, "Successful", ok, func(e *BatchResultEntry) { w.string("Id", e.ID) })
	w.failed(bad)
	return append(w.b, '}')
}

func (w *jsonWriter) failed(all []BatchResultErrorEntry) {
	list(w, "Failed", all, func(e *BatchResultErrorEntry) {
		w.string("Id", e.ID)
		w.next("SenderFault")
		if e.SenderFault {
			w.b = append(w.b, "true"...)
		} else {
			w.b = append(w.b, "false"...)
		}
		w.string("Code", e.Code)
		w.given("Message", e.Message)
	})
}

// AppendAWSJSON writes the output as AWS JSON 1.0.
func (out *ReceiveMessageOutput) AppendAWSJSON(dst []byte) []byte {
	w := &jsonWriter{append(dst, '{')}
	list(w, "Messages", out.Messages, func(m *Message) {
		w.string("MessageId", m.MessageID)
		w.string("ReceiptHandle", m.ReceiptHandle)
		w.string("MD5OfBody", m.MD5OfBody)
		w.string("Body", m.Body)
		if len(m.Attributes) > 0 {
			w.next("Attributes")
			w.b = append(w.b, '{')
			for _, name := range sortedSystemNames {
				if v, some := m.Attributes[name]; some {
					w.string(name, v)
				}
			}
			w.b = append(w.b, '}')
		}
		w.given("MD5OfMessageAttributes", m.MD5OfMessageAttributes)
		w.attributes(m.MessageAttributes)
	})
	return append(w.b, '}')
}

func (w *jsonWriter) attributes(all map[string]MessageAttributeValue) {
	if len(all) == 0 {
		return
	}
	w.next("MessageAttributes")
	w.b = append(w.b, '{')
	for _, name := range slices.Sorted(maps.Keys(all)) {
		v := all[name]
		w.next(name)
		w.b = append(w.b, '{')
		w.given("DataType", v.DataType)
		if v.StringValue != nil {
			w.string("StringValue", *v.StringValue)
		}
		if len(v.BinaryValue) > 0 {
			w.next("BinaryValue")
			w.b = append(w.b, '"')
			w.b = base64.StdEncoding.AppendEncode(w.b, v.BinaryValue)
			w.b = append(w.b, '"')
		}
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, '}')
}

// unescaped marks the bytes that stand for themselves in a JSON string.
var unescaped = func() (t [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendJSONString writes s as a JSON string. Bytes that are no UTF-8 become
// U+FFFD, as everywhere in Go's JSON.
func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	b := bytesOfString(s)
	for i := plainPrefix(b); i < len(s); i += plainPrefix(b[i:]) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
