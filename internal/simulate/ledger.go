package simulate

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/reliableq/reliableq/localaws/sqs"
)

// entry is what is known of one order.
type entry struct {
	number     int // from 1
	body       string
	attributes map[string]types.MessageAttributeValue
	bad        bool
	heals      int      // fails until it was replayed so often; 0 for never
	origins    []string // the ids that SQS gave to what the producer sent; more than one where an answer was lost
	effects    int      // times that the consumer did the work
	repeats    int      // times that the consumer knew that it was done
	blamed     int      // times that the consumer failed it
	copies     int      // replays that SQS accepted
}

// account is what is known of one message id.
type account struct {
	id       string
	order    *entry
	received int  // in all queues
	here     int  // since it came to the queue that it was in last
	deleted  bool // and SQS said so to whoever did
	dead     bool // was moved to the dead-letter queue
}

// ledger keeps what a run's invariants need. All of it happens on the clock's
// goroutine.
type ledger struct {
	seed      uint64
	start     time.Time
	orders    []*entry
	byBody    map[string]*entry
	messages  map[string]*account
	accounts  []*account     // the same, in order of sending
	most      map[string]int // by queue, how often a message is received there
	strays    []Violation    // seen on the way
	sending   []*entry       // whose messages the send under way holds, in order
	producing bool           // the producer sends, and no retry function
	received  int
	deleted   int
	log       []Event
	logging   bool
	told      func(sqs.Event, *account) // is told what counts; nil for nobody
	unsure    bool                      // what SQS tells counts once it is written
	untold    []sighting                // told, and not written yet
}

// sighting is an event of SQS, and in whose sending it came.
type sighting struct {
	event     sqs.Event
	sending   []*entry
	producing bool
}

// observe takes what SQS tells. Of a server that may be killed it believes what
// gets to the disk: the rest has not happened for anybody.
func (l *ledger) observe(e sqs.Event) {
	if !l.unsure || e.Kind == sqs.BecameVisible && len(l.untold) == 0 { // which is not written
		l.take(e)
		return
	}
	l.untold = append(l.untold, sighting{e, l.sending, l.producing})
	if e.Kind == sqs.Sent {
		l.sending = l.sending[1:]
	}
}

// believe takes what has been told, which is being written.
func (l *ledger) believe() {
	sending, producing := l.sending, l.producing
	for _, s := range l.untold {
		l.sending, l.producing = s.sending, s.producing
		l.take(s.event)
	}
	l.sending, l.producing = sending, producing
	l.untold = l.untold[:0]
}

// forget drops what has been told and was not written.
func (l *ledger) forget() { l.untold = l.untold[:0] }

// mark writes into the log what happened to the server.
func (l *ledger) mark(now time.Time, what string) {
	if l.logging {
		l.log = append(l.log, Event{Seed: l.seed, Seconds: now.Sub(l.start).Seconds(), What: what})
	}
}

// take takes what happened to a message.
func (l *ledger) take(e sqs.Event) {
	a := l.messages[e.MessageID]
	switch e.Kind {
	case sqs.Sent:
		a = &account{id: e.MessageID, order: l.sending[0]}
		l.messages[e.MessageID] = a
		l.accounts = append(l.accounts, a)
		if l.sending = l.sending[1:]; l.producing {
			a.order.origins = append(a.order.origins, e.MessageID)
		} else {
			a.order.copies++
		}
	case sqs.Received:
		a.received++
		a.here++
		l.received++
	case sqs.Deleted:
		a.deleted = true
		l.deleted++
	case sqs.Moved:
		if a.here != l.most[e.From] {
			l.stray("early", a.order.number, "message %s left %s after %d receives, and may have %d", a.id, e.From, a.here, l.most[e.From])
		}
		a.here = 0
		a.dead = e.Queue == deadLetters
	}
	if l.told != nil {
		l.told(e, a)
	}
	if !l.logging {
		return
	}
	out := Event{
		Seed:    l.seed,
		Seconds: e.Time.Sub(l.start).Seconds(), What: e.Kind.String(), Queue: e.Queue, From: e.From,
		Order: a.order.number, Message: e.MessageID, Receives: e.Receives,
	}
	if !e.Until.IsZero() {
		out.Until = e.Until.Sub(l.start).Seconds()
	}
	l.log = append(l.log, out)
}

// stray notes what must not happen on the way, whatever comes of it.
func (l *ledger) stray(rule string, number int, format string, args ...any) {
	l.strays = append(l.strays, Violation{rule, number, fmt.Sprintf(format, args...)})
}

// note writes what a function did with a message into the log.
func (l *ledger) note(now time.Time, what, queue, message, detail string) {
	if !l.logging {
		return
	}
	number := 0
	if a := l.messages[message]; a != nil {
		number = a.order.number
	}
	l.log = append(l.log, Event{
		Seed: l.seed, Seconds: now.Sub(l.start).Seconds(), What: what, Queue: queue, Order: number, Message: message, Detail: detail,
	})
}
