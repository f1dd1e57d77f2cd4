package sqs

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// outgoing is a message as a sender gives it, alone or in a batch.
type outgoing struct {
	body       string
	delay      *int
	attributes map[string]MessageAttributeValue
	system     map[string]MessageAttributeValue
	dedup      *string
	group      *string
}

// draft is a message that is in order but not yet in its queue.
type draft struct {
	message
	delay *int // seconds, given by the sender
}

// prepare checks a message (SQS sections F and G), without the queue's lock.
func (q *queue) prepare(c *awsapi.Call, out *outgoing) (*draft, error) {
	if err := checkBody(out.body); err != nil {
		return nil, err
	}
	d := &draft{delay: out.delay}
	d.body, d.md5, d.traits, d.sender = out.body, md5.Sum(bytesOf(out.body)), none, c.Caller.UserID
	var err error
	if d.attrs, err = readAttributes(out.attributes); err != nil {
		return nil, err
	}
	if err := q.checkDelay(out.delay); err != nil {
		return nil, err
	}
	trace, err := traceOf(c, out.system)
	if err != nil {
		return nil, err
	}
	group, dedup, err := q.fifoIDs(out)
	if err != nil {
		return nil, err
	}
	if trace != "" || group != "" || dedup != "" {
		d.traits = &traits{trace: trace, group: group, dedup: dedup}
	}
	d.id = newMessageID(q.service.chance)
	return d, nil
}

func checkBody(body string) error {
	if body == "" {
		return missing("MessageBody")
	}
	if char, bad := badChar(body); bad {
		return errMessageContents.With("Invalid binary character '%s' was found in the message body, the set of allowed characters is %s.",
			char, allowedChars)
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
		return invalid(*delay, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
	case *delay < 0 || *delay > 900:
		return invalid(*delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	}
	return nil
}

// traceOf reads AWSTraceHeader, the only system attribute a sender may give; the
// request's own trace header stands in for it (SQS F12).
func traceOf(c *awsapi.Call, system map[string]MessageAttributeValue) (string, error) {
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
func (q *queue) fifoIDs(out *outgoing) (group, dedup string, err error) {
	if out.group != nil {
		group = *out.group
		if err := checkToken("MessageGroupId", group); err != nil {
			return "", "", err
		}
	} else if q.fifo {
		return "", "", missing("MessageGroupId")
	}
	if out.dedup != nil {
		dedup = *out.dedup
		if !q.fifo {
			return "", "", invalid(dedup, "MessageDeduplicationId", "The request includes a parameter that is not valid for this queue type.")
		}
		return group, dedup, checkToken("MessageDeduplicationId", dedup)
	}
	if !q.fifo {
		return group, "", nil
	}
	if !q.settings.Load().contentDedup {
		return "", "", errNoDedupID()
	}
	sum := sha256.Sum256([]byte(out.body))
	return group, hex.EncodeToString(sum[:]), nil
}

// accepted is what a send is answered with, now and for its duplicates.
type accepted struct {
	id  messageID
	seq uint64
}

// send puts a draft into the queue, unless it is a duplicate (SQS N7).
func (t *turn) send(d *draft) accepted {
	q, set := t.q, t.q.settings.Load()
	var memo string
	if q.fifo {
		memo = d.traits.dedup
		if set.scopeGroup {
			memo = d.traits.group + "\x00" + memo
		}
		if before, twice := q.dedup.find(memo); twice {
			q.traffic.deduplicated++
			t.moved = true
			return before
		}
	}
	m := &d.message
	m.sent, m.enqueued, m.arrived = t.now, t.now, t.now
	m.seq = t.nextSeq()
	m.place = m.seq
	if m.sender == q.lastSender {
		m.sender = q.lastSender // one copy for all that a sender sends
	}
	q.lastSender = m.sender
	delay := set.delay
	if d.delay != nil && !q.fifo {
		delay = seconds(*d.delay)
	}
	if delay > 0 {
		m.state, m.deadline = delayed, t.now+int64(delay)
	}
	t.add(m)
	t.put(m)
	t.tell(Sent, m, "")
	ok := accepted{m.id, m.seq}
	if q.fifo {
		q.dedup.keep(memo, ok, t.now+int64(window))
		t.putDedup(memo, ok, t.now+int64(window))
	}
	q.traffic.sent(m.size())
	return ok
}
