package sqs

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// systemAttribute is a message system attribute that a receive can request.
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

// systemNames are the names of the system attributes (SQS I7).
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

// allSystemAttributes selects every system attribute.
const allSystemAttributes = 1<<len(systemNames) - 1

// attributeSelection is the set of attributes that a receive requests.
type attributeSelection struct {
	system   uint // bit set of systemAttribute
	all      bool // every message attribute
	names    []string
	prefixes []string
}

// newAttributeSelection parses the lists of names. An unknown system attribute is an
// error, an unknown message attribute is not (SQS I11).
func newAttributeSelection(in *ReceiveMessageInput) (*attributeSelection, error) {
	sel := &attributeSelection{}
	for _, list := range [][]string{in.AttributeNames, in.MessageSystemAttributeNames} {
		for _, name := range list {
			if err := sel.addSystem(name); err != nil {
				return nil, err
			}
		}
	}

	// A name that ends with .* is a prefix.
	for _, name := range in.MessageAttributeNames {
		prefix, isPrefix := strings.CutSuffix(name, ".*")
		switch {
		case name == "All" || name == "*" || isPrefix && prefix == "":
			sel.all = true
		case isPrefix:
			sel.prefixes = append(sel.prefixes, prefix)
		default:
			sel.names = append(sel.names, name)
		}
	}
	return sel, nil
}

func (sel *attributeSelection) addSystem(name string) error {
	if name == "All" {
		sel.system = allSystemAttributes
		return nil
	}
	i := slices.Index(systemNames[:], name)
	if i < 0 {
		return unknownAttribute(name)
	}
	sel.system |= 1 << i
	return nil
}

// includes reports whether a message attribute is requested.
func (sel *attributeSelection) includes(name string) bool {
	hasPrefix := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	return sel.all || slices.Contains(sel.names, name) || slices.ContainsFunc(sel.prefixes, hasPrefix)
}

// fillMessage writes a delivery into a message of the response.
func (sel *attributeSelection) fillMessage(out *Message, q *queue, d *delivery) {
	out.MessageID = d.message.id.String()
	out.ReceiptHandle = d.handle
	out.MD5OfBody = hex.EncodeToString(d.message.md5[:])
	out.Body = d.message.body
	sel.fillSystemAttributes(out, q, d)
	sel.fillAttributes(out, d.message.attributes)
}

// fillSystemAttributes adds the requested system attributes that the message has
// (SQS I7-I10).
func (sel *attributeSelection) fillSystemAttributes(out *Message, q *queue, d *delivery) {
	if sel.system == 0 {
		return
	}

	// An attribute without a value is left out.
	all := make(map[string]string, 4)
	add := func(a systemAttribute, v string) {
		if sel.system&(1<<a) != 0 && v != "" {
			all[systemNames[a]] = v
		}
	}
	add(sysSenderID, d.message.sender)
	add(sysSentTimestamp, millis(d.message.sent))
	add(sysReceiveCount, strconv.FormatUint(uint64(d.receives), 10))
	add(sysFirstReceive, millis(d.firstReceived))
	add(sysTraceHeader, d.optional.traceHeader)
	add(sysGroupID, d.optional.groupID)
	add(sysDeadLetterSource, d.optional.deadLetterSource)
	if q.fifo {
		add(sysDedupID, d.optional.dedupID)
		add(sysSequenceNumber, sequenceNumber(d.number))
	}

	if len(all) > 0 {
		out.Attributes = all
	}
}

// fillAttributes adds the requested message attributes, and the digest of only
// those (SQS I12).
func (sel *attributeSelection) fillAttributes(out *Message, attrs []messageAttribute) {
	if len(attrs) == 0 || !sel.all && len(sel.names) == 0 && len(sel.prefixes) == 0 {
		return
	}

	selected := make([]messageAttribute, 0, len(attrs))
	for _, a := range attrs {
		if sel.includes(a.name) {
			selected = append(selected, a)
		}
	}
	if len(selected) == 0 {
		return
	}

	// The client verifies the digest against the attributes it gets.
	out.MessageAttributes = make(map[string]MessageAttributeValue, len(selected))
	for i := range selected {
		out.MessageAttributes[selected[i].name] = selected[i].toAPI()
	}
	out.MD5OfMessageAttributes = hexMD5(attributesMD5(selected))
}

// toAPI returns the attribute as the API represents it.
func (a *messageAttribute) toAPI() MessageAttributeValue {
	if a.binary {
		return MessageAttributeValue{DataType: a.dataType, BinaryValue: []byte(a.value)}
	}
	return MessageAttributeValue{DataType: a.dataType, StringValue: &a.value}
}
