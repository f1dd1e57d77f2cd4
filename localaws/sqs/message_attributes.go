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

// maxAttributes is how many attributes a message may have (SQS G1).
const maxAttributes = 10

// readAttributes checks message attributes (SQS section G) and puts them in order
// of name.
func readAttributes(in map[string]MessageAttributeValue) ([]messageAttribute, error) {
	if len(in) == 0 {
		return nil, nil
	}
	if len(in) > maxAttributes {
		return nil, errParameterValue.With("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(in), maxAttributes)
	}
	out := make([]messageAttribute, 0, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v := in[name]
		if err := checkAttributeName(name); err != nil {
			return nil, err
		}
		a, err := readAttribute(name, &v)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// attributeFault is InvalidParameterValue with a text about one attribute.
func invalidMessageAttribute(format string, args ...any) *awsapi.Error {
	return errParameterValue.With(format, args...)
}

// checkAttributeName refuses names that are not 1 to 256 letters, digits and _-.
// or that AWS keeps for itself (SQS G2, G5).
func checkAttributeName(name string) error {
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
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.' {
			return invalidMessageAttribute("Message (user) attribute name '%s' contains an invalid character.", name)
		}
	}
	return nil
}

// readAttribute checks type and value of one attribute (SQS G3-G8).
func readAttribute(name string, v *MessageAttributeValue) (messageAttribute, error) {
	if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
		return messageAttribute{}, errUnsupported.With("Message attribute list values in SendMessage operation are not supported.")
	}
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
	if !a.binary {
		if char, bad := firstInvalidChar(a.value); bad {
			return a, invalidMessageAttribute("Invalid binary character '%s' was found in the message attribute '%s' value, the set of allowed characters is %s.",
				char, name, allowedCharsText)
		}
	}
	if base == "Number" && !isNumber(a.value) {
		return a, invalidMessageAttribute("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return a, nil
}

// attributesMD5 is the digest of attributes that clients check (SQS G9).
func attributesMD5(attrs []messageAttribute) (sum [md5.Size]byte) {
	h := md5.New()
	for i := range attrs {
		a := &attrs[i]
		writeField(h, a.name)
		writeField(h, a.dataType)
		kind := []byte{1}
		if a.binary {
			kind[0] = 2
		}
		h.Write(kind)
		writeField(h, a.value)
	}
	h.Sum(sum[:0])
	return sum
}

func writeField(h hash.Hash, s string) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(s)))
	h.Write(n[:])
	_, _ = io.WriteString(h, s) // a hash takes everything
}
