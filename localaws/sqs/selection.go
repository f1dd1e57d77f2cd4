package sqs

import (
	"slices"
	"strings"
)

// systemAttribute is a message system attribute that a receive can ask for.
type systemAttribute int

const (
	sysSenderID systemAttribute = iota
	sysSentTimestamp
	sysReceiveCount
	sysFirstReceive
	sysSequenceNumber
	sysDedupID
	sysGroupID
	sysTraceHeader
	sysDeadLetterSource
)

// systemNames are the names of systemAttributes (SQS I7).
var systemNames = [...]string{
	sysSenderID:         "SenderId",
	sysSentTimestamp:    "SentTimestamp",
	sysReceiveCount:     "ApproximateReceiveCount",
	sysFirstReceive:     "ApproximateFirstReceiveTimestamp",
	sysSequenceNumber:   "SequenceNumber",
	sysDedupID:          "MessageDeduplicationId",
	sysGroupID:          "MessageGroupId",
	sysTraceHeader:      "AWSTraceHeader",
	sysDeadLetterSource: "DeadLetterQueueSourceArn",
}

// systemSorted are the names in order of the alphabet.
var sortedSystemNames = slices.Sorted(slices.Values(systemNames[:]))

// selection is which attributes a receive asks for.
type attributeSelection struct {
	system   uint // bits by systemAttribute
	all      bool // every message attribute
	names    []string
	prefixes []string
}

// newSelection reads the lists of names. An unknown system attribute is refused,
// an unknown message attribute is not (SQS I11).
func newAttributeSelection(in *ReceiveMessageInput) (*attributeSelection, error) {
	sel := &attributeSelection{}
	for _, list := range [][]string{in.AttributeNames, in.MessageSystemAttributeNames} {
		for _, name := range list {
			if err := sel.addSystem(name); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range in.MessageAttributeNames {
		prefix, wild := strings.CutSuffix(name, ".*")
		switch {
		case name == "All" || name == "*" || wild && prefix == "":
			sel.all = true
		case wild:
			sel.prefixes = append(sel.prefixes, prefix)
		default:
			sel.names = append(sel.names, name)
		}
	}
	return sel, nil
}

func (sel *attributeSelection) addSystem(name string) error {
	if name == "All" {
		sel.system = 1<<len(systemNames) - 1
		return nil
	}
	for i, known := range systemNames {
		if name == known {
			sel.system |= 1 << i
			return nil
		}
	}
	return unknownAttribute(name)
}

// has reports whether a message attribute is asked for.
func (sel *attributeSelection) includes(name string) bool {
	if sel.all {
		return true
	}
	for _, n := range sel.names {
		if n == name {
			return true
		}
	}
	for _, p := range sel.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// fillAttributes adds the message attributes that are asked for, and the digest
// of those alone (SQS I12).
func (sel *attributeSelection) fillAttributes(out *Message, attrs []messageAttribute) {
	if len(attrs) == 0 || !sel.all && len(sel.names) == 0 && len(sel.prefixes) == 0 {
		return
	}
	shown := make([]messageAttribute, 0, len(attrs))
	for _, a := range attrs {
		if sel.includes(a.name) {
			shown = append(shown, a)
		}
	}
	if len(shown) == 0 {
		return
	}
	out.MessageAttributes = make(map[string]MessageAttributeValue, len(shown))
	for i := range shown {
		out.MessageAttributes[shown[i].name] = shown[i].toAPI()
	}
	out.MD5OfMessageAttributes = hexMD5(attributesMD5(shown))
}

// wire is the attribute as the API has it.
func (a *messageAttribute) toAPI() MessageAttributeValue {
	if a.binary {
		return MessageAttributeValue{DataType: a.dataType, BinaryValue: []byte(a.value)}
	}
	return MessageAttributeValue{DataType: a.dataType, StringValue: &a.value}
}
