package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// maxAttributes is the largest number of attributes of a message (SQS G1).
const maxAttributes = 10

// MessageAttributeValue is a message attribute, or the message system attribute that
// a sender may set (AWSTraceHeader).
type MessageAttributeValue struct {
	// DataType is String, Number or Binary, optionally with a label after a dot.
	DataType string `json:"DataType,omitempty"`
	// StringValue is the value of a String or Number.
	StringValue *string `json:"StringValue,omitempty"`
	// BinaryValue is the value of a Binary.
	BinaryValue []byte `json:"BinaryValue,omitempty"`
	// StringListValues is not implemented by SQS, and refused (SQS G8).
	StringListValues []string `json:"StringListValues,omitempty" query:"StringListValue"`
	// BinaryListValues is not implemented by SQS, and refused (SQS G8).
	BinaryListValues [][]byte `json:"BinaryListValues,omitempty" query:"BinaryListValue"`
}

// parseMessageAttributes validates message attributes (SQS section G) and returns
// them sorted by name.
func parseMessageAttributes(in map[string]MessageAttributeValue) ([]messageAttribute, error) {
	if len(in) == 0 {
		return nil, nil
	}
	if len(in) > maxAttributes {
		return nil, invalidMessageAttribute("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), maxAttributes)
	}

	out := make([]messageAttribute, 0, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		if err := checkMessageAttributeName(name); err != nil {
			return nil, err
		}
		a, err := parseMessageAttribute(name, &v)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// invalidMessageAttribute returns the error for an invalid message attribute.
func invalidMessageAttribute(format string, args ...any) *awsapi.Error {
	return errParameterValue.With(format, args...)
}

// checkMessageAttributeName validates a name: 1 to 256 letters, digits and _-. without
// the prefixes that AWS reserves (SQS G2, G5).
func checkMessageAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return invalidMessageAttribute("Message (user) attribute name must be non-empty.")
	case len(name) > 256:
		return invalidMessageAttribute("Message (user) attribute name must be shorter than 256 bytes.")
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return invalidMessageAttribute("You can't use message attribute names beginning with 'AWS.' or 'Amazon'. These strings are reserved for internal use.")
	case name[0] == '.':
		return invalidMessageAttribute("Message (user) attribute name must not begin with character '.'.")
	case name[len(name)-1] == '.':
		return invalidMessageAttribute("Message (user) attribute name must not end with character '.'.")
	case strings.Contains(name, ".."):
		return invalidMessageAttribute("Message (user) attribute name must not have successive '.' characters.")
	}

	// Letters and digits of every script are allowed.
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.' {
			return invalidMessageAttribute("Message (user) attribute name '%s' contains an invalid character.", name)
		}
	}
	return nil
}

// parseMessageAttribute validates the type and value of one attribute (SQS G3-G8).
func parseMessageAttribute(name string, v *MessageAttributeValue) (messageAttribute, error) {
	if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
		return messageAttribute{}, errUnsupported.With("Message attribute list values in SendMessage operation are not supported.")
	}

	// The type.
	base, _, _ := strings.Cut(v.DataType, ".")
	if v.DataType == "" || len(v.DataType) > 256 || base != "String" && base != "Number" && base != "Binary" {
		return messageAttribute{}, invalidMessageAttribute("The type of message (user) attribute '%s' is invalid. "+
			"You must use only the following supported type prefixes: Binary, Number, String.", name)
	}
	a := messageAttribute{
		name:     name,
		dataType: v.DataType,
		binary:   base == "Binary",
	}

	// One value, in the field of the type.
	switch {
	case v.StringValue != nil && len(v.BinaryValue) > 0:
		return a, invalidMessageAttribute("Message (user) attribute '%s' must have a single value.", name)
	case a.binary && v.StringValue != nil && *v.StringValue != "":
		return a, invalidMessageAttribute("The message (user) attribute '%s' with type 'Binary' must use field 'Binary'.", name)
	case !a.binary && len(v.BinaryValue) > 0:
		return a, invalidMessageAttribute("Message (user) attribute '%s' with type '%s' must use field 'String'.", name, base)
	case a.binary:
		a.value = string(v.BinaryValue)
	case v.StringValue != nil:
		a.value = *v.StringValue
	}
	if a.value == "" {
		return a, invalidMessageAttribute("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, base)
	}

	// The content of the value.
	if !a.binary {
		if char, found := firstInvalidChar(a.value); found {
			return a, invalidMessageAttribute("Invalid binary character '%s' was found in the message attribute '%s' value, the set of allowed characters is %s.",
				char, name, allowedCharsText)
		}
	}
	if base == "Number" && !isNumber(a.value) {
		return a, invalidMessageAttribute("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return a, nil
}

// attributesMD5 returns the digest of attributes that clients verify (SQS G9).
func attributesMD5(attrs []messageAttribute) (sum [md5.Size]byte) {
	h := md5.New()
	for i := range attrs {
		a := &attrs[i]
		hashString(h, a.name)
		hashString(h, a.dataType)

		// 1 is a string, 2 is binary.
		transport := []byte{1}
		if a.binary {
			transport[0] = 2
		}
		h.Write(transport) // a hash never fails
		hashString(h, a.value)
	}
	h.Sum(sum[:0])
	return sum
}

// hashString writes a string with its length.
func hashString(h hash.Hash, s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	h.Write(n[:])               // a hash never fails
	_, _ = io.WriteString(h, s) // likewise
}
