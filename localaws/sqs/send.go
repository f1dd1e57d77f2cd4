package sqs

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// sendRequest is a message to send, alone or in a batch.
type sendRequest struct {
	body             string
	delay            *int // seconds
	attributes       map[string]MessageAttributeValue
	systemAttributes map[string]MessageAttributeValue
	dedupID          *string
	groupID          *string
}

// draft is a validated message that is not yet in its queue.
type draft struct {
	message
	delay *int // seconds; nil means the queue's delay
}

// validateSend validates a message (SQS sections F and G). It runs without the
// queue's lock.
func (q *queue) validateSend(c *awsapi.Call, req *sendRequest) (*draft, error) {
	if err := checkBody(req.body); err != nil {
		return nil, err
	}
	attributes, err := parseMessageAttributes(req.attributes)
	if err != nil {
		return nil, err
	}
	if err := q.checkDelay(req.delay); err != nil {
		return nil, err
	}
	traceHeader, err := traceHeaderOf(c, req.systemAttributes)
	if err != nil {
		return nil, err
	}
	groupID, dedupID, err := q.fifoIDs(req)
	if err != nil {
		return nil, err
	}

	// Everything is valid. The id is drawn last, so that an error uses no randomness.
	d := &draft{delay: req.delay}
	d.id = newMessageID(q.service.chance)
	d.body = req.body
	d.md5 = md5.Sum(bytesOfString(req.body))
	d.sender = c.Caller.UserID
	d.attributes = attributes
	d.optional = noOptionalFields
	if traceHeader != "" || groupID != "" || dedupID != "" {
		d.optional = &optionalFields{
			traceHeader: traceHeader,
			groupID:     groupID,
			dedupID:     dedupID,
		}
	}
	return d, nil
}

func checkBody(body string) error {
	if body == "" {
		return missingParameter("MessageBody")
	}
	if char, found := firstInvalidChar(body); found {
		return errMessageContents.With("Invalid binary character '%s' was found in the message body, the set of allowed characters is %s.",
			char, allowedCharsText)
	}
	return nil
}

// checkDelay validates a message's own delay (SQS F6). A FIFO queue accepts none
// (SQS F7).
func (q *queue) checkDelay(delay *int) error {
	switch {
	case delay == nil:
		return nil
	case q.fifo && *delay != 0:
		return invalidParameter(*delay, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	case *delay < 0 || *delay > 900:
		return invalidParameter(*delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	}
	return nil
}

// traceHeaderOf returns AWSTraceHeader, the only system attribute that a sender may
// set. Without it the trace header of the request applies (SQS F12).
func traceHeaderOf(c *awsapi.Call, system map[string]MessageAttributeValue) (string, error) {
	for name, v := range system {
		if name != "AWSTraceHeader" {
			return "", errParameterValue.With("Message system attribute name '%s' is invalid.", name)
		}
		if v.DataType != "String" || v.StringValue == nil || *v.StringValue == "" {
			return "", errParameterValue.With("Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'.")
		}
		return *v.StringValue, nil
	}
	return c.Trace, nil
}

// fifoIDs validates the group id and deduplication id (SQS F8-F11, N8). In a FIFO
// queue with content-based deduplication the hash of the body replaces a missing
// deduplication id.
func (q *queue) fifoIDs(req *sendRequest) (groupID, dedupID string, err error) {
	if req.groupID != nil {
		groupID = *req.groupID
		if err := checkToken("MessageGroupId", groupID); err != nil {
			return "", "", err
		}
	} else if q.fifo {
		return "", "", missingParameter("MessageGroupId")
	}

	// The deduplication id.
	if req.dedupID != nil {
		dedupID = *req.dedupID
		if !q.fifo {
			return "", "", invalidParameter(dedupID, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
		}
		return groupID, dedupID, checkToken("MessageDeduplicationId", dedupID)
	}
	if !q.fifo {
		return groupID, "", nil
	}
	if !q.attributes.Load().contentDedup {
		return "", "", errNoDedupID()
	}
	sum := sha256.Sum256([]byte(req.body))
	return groupID, hex.EncodeToString(sum[:]), nil
}

// sendResult is the response to a send, and to its duplicates.
type sendResult struct {
	id     messageID
	number uint64
}

// send adds a draft to the queue. A duplicate has no effect and returns the result
// of the first send (SQS N7).
func (tx *transaction) send(d *draft) sendResult {
	q := tx.queue
	attrs := q.attributes.Load()

	// Look for a duplicate.
	var dedupKey string
	if q.fifo {
		dedupKey = d.optional.dedupID
		if attrs.dedupPerGroup {
			dedupKey = d.optional.groupID + "\x00" + dedupKey
		}
		if first, duplicate := q.dedup.get(dedupKey); duplicate {
			q.counters.deduplicated++
			tx.metricsChanged = true
			return first
		}
	}

	// Number the message; numbers follow the order of the lock.
	m := &d.message
	m.sent = tx.now
	m.retainedFrom = tx.now
	m.arrived = tx.now
	m.number = tx.nextNumber()
	m.position = m.number
	if m.sender == q.lastSender {
		m.sender = q.lastSender // the messages of a sender share one string
	}
	q.lastSender = m.sender

	// A FIFO queue has one delay for all messages (SQS F7).
	delay := attrs.delay
	if d.delay != nil && !q.fifo {
		delay = seconds(*d.delay)
	}
	if delay > 0 {
		m.state = delayed
		m.deadline = tx.now + int64(delay)
	}

	tx.add(m)
	tx.storeMessage(m)
	tx.emit(Sent, m, "")
	q.counters.countSend(m.size())

	// Remember the id for later duplicates.
	result := sendResult{m.id, m.number}
	if q.fifo {
		expiresAt := tx.now + int64(dedupWindow)
		q.dedup.add(dedupKey, result, expiresAt)
		tx.storeDedup(dedupKey, result, expiresAt)
	}
	return result
}
