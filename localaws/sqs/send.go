package sqs

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// outgoing is a message as a sender gives it, alone or in a batch.
type sendRequest struct {
	body             string
	delay            *int
	attributes       map[string]MessageAttributeValue
	systemAttributes map[string]MessageAttributeValue
	dedup            *string
	group            *string
}

// draft is a message that is in order but not yet in its queue.
type draft struct {
	message
	delay *int // seconds, given by the sender
}

// prepare checks a message (SQS sections F and G), without the queue's lock.
func (q *queue) validateSend(c *awsapi.Call, out *sendRequest) (*draft, error) {
	if err := checkBody(out.body); err != nil {
		return nil, err
	}
	d := &draft{delay: out.delay}
	d.body, d.md5, d.optional, d.sender = out.body, md5.Sum(bytesOfString(out.body)), noOptionalFields, c.Caller.UserID
	var err error
	if d.attrs, err = readAttributes(out.attributes); err != nil {
		return nil, err
	}
	if err := q.checkDelay(out.delay); err != nil {
		return nil, err
	}
	trace, err := traceHeaderOf(c, out.systemAttributes)
	if err != nil {
		return nil, err
	}
	group, dedup, err := q.fifoIDs(out)
	if err != nil {
		return nil, err
	}
	if trace != "" || group != "" || dedup != "" {
		d.optional = &optionalFields{
			traceHeader: trace,
			groupID:     group,
			dedupID:     dedup,
		}
	}
	d.id = newMessageID(q.service.chance)
	return d, nil
}

func checkBody(body string) error {
	if body == "" {
		return missingParameter("MessageBody")
	}
	if char, bad := firstInvalidChar(body); bad {
		return errMessageContents.With("Invalid binary character '%s' was found in the message body, the set of allowed characters is %s.",
			char, allowedCharsText)
	}
	return nil
}

// checkDelay refuses a message's own delay where it is out of range (SQS F6) or in
// a FIFO queue (SQS F7).
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

// traceOf reads AWSTraceHeader, the only system attribute a sender may give; the
// request's own trace header stands in for it (SQS F12).
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

// fifoIDs reads group and deduplication id (SQS F8-F11, N8).
func (q *queue) fifoIDs(out *sendRequest) (group, dedup string, err error) {
	if out.group != nil {
		group = *out.group
		if err := checkToken("MessageGroupId", group); err != nil {
			return "", "", err
		}
	} else if q.fifo {
		return "", "", missingParameter("MessageGroupId")
	}
	if out.dedup != nil {
		dedup = *out.dedup
		if !q.fifo {
			return "", "", invalidParameter(dedup, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
		}
		return group, dedup, checkToken("MessageDeduplicationId", dedup)
	}
	if !q.fifo {
		return group, "", nil
	}
	if !q.attributes.Load().contentDedup {
		return "", "", errNoDedupID()
	}
	sum := sha256.Sum256([]byte(out.body))
	return group, hex.EncodeToString(sum[:]), nil
}

// accepted is what a send is answered with, now and for its duplicates.
type sendResult struct {
	id     messageID
	number uint64
}

// send puts a draft into the queue, unless it is a duplicate (SQS N7).
func (tx *transaction) send(d *draft) sendResult {
	q, set := tx.queue, tx.queue.attributes.Load()
	var memo string
	if q.fifo {
		memo = d.optional.dedupID
		if set.dedupPerGroup {
			memo = d.optional.groupID + "\x00" + memo
		}
		if before, twice := q.dedup.get(memo); twice {
			q.counters.deduplicated++
			tx.metricsChanged = true
			return before
		}
	}
	m := &d.message
	m.sent, m.retainedFrom, m.arrived = tx.now, tx.now, tx.now
	m.number = tx.nextNumber()
	m.position = m.number
	if m.sender == q.lastSender {
		m.sender = q.lastSender // one copy for all that a sender sends
	}
	q.lastSender = m.sender
	delay := set.delay
	if d.delay != nil && !q.fifo {
		delay = seconds(*d.delay)
	}
	if delay > 0 {
		m.state, m.deadline = delayed, tx.now+int64(delay)
	}
	tx.add(m)
	tx.storeMessage(m)
	tx.emit(Sent, m, "")
	ok := sendResult{m.id, m.number}
	if q.fifo {
		q.dedup.add(memo, ok, tx.now+int64(dedupWindow))
		tx.storeDedup(memo, ok, tx.now+int64(dedupWindow))
	}
	q.counters.countSend(m.size())
	return ok
}
