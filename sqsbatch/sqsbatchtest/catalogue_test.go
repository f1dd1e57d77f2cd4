package sqsbatchtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/sqsbatchtest"
)

type (
	option  = sqsbatch.Option
	message = sqsbatch.Message[string]
	history = sqsbatchtest.History
)

// shop is a set of fake services. Only charges with a key are idempotent.
type shop struct {
	charged effects
	keys    map[string]bool
	marks   map[string]bool
	mailed  effects
	total   int
	numbers map[int]int
	letters effects // in the dead-letter queue
}

func newShop() *shop {
	return &shop{keys: map[string]bool{}, marks: map[string]bool{}, numbers: map[int]int{}}
}

// charge is a request without a key. Its response may be lost.
func (s *shop) charge(ctx context.Context, name string) error {
	if err := sqsbatchtest.Call(ctx, "charge"); err != nil {
		return err
	}
	s.charged = append(s.charged, name)
	return sqsbatchtest.Call(ctx, "charged")
}

// chargeOnce is a request with a key. Its response may be lost too.
func (s *shop) chargeOnce(ctx context.Context, key, name string) error {
	if err := sqsbatchtest.Call(ctx, "charge"); err != nil {
		return err
	}
	if !s.keys[key] {
		s.keys[key] = true
		s.charged = append(s.charged, name)
	}
	return sqsbatchtest.Call(ctx, "charged")
}

func (s *shop) isMarked(ctx context.Context, name string) (bool, error) {
	err := sqsbatchtest.Call(ctx, "get mark")
	return s.marks[name], err
}

func (s *shop) mark(ctx context.Context, name string) error {
	err := sqsbatchtest.Call(ctx, "mark")
	if err == nil {
		s.marks[name] = true
	}
	return err
}

func (s *shop) mail(ctx context.Context, name string) error {
	err := sqsbatchtest.Call(ctx, "mail")
	if err == nil {
		s.mailed = append(s.mailed, name)
	}
	return err
}

func (s *shop) read(ctx context.Context) (int, error) {
	err := sqsbatchtest.Call(ctx, "read")
	return s.total, err
}

func (s *shop) write(ctx context.Context, total int) error {
	err := sqsbatchtest.Call(ctx, "write")
	if err == nil {
		s.total = total
	}
	return err
}

// SendDeadLetter makes the shop a dead-letter queue.
func (s *shop) SendDeadLetter(ctx context.Context, m sqsbatch.DeadLetter) error {
	err := sqsbatchtest.Call(ctx, "dead-letter", m.DeduplicationID)
	if err == nil && m.DeduplicationID != sqsbatchtest.PoisonID {
		s.letters = append(s.letters, m.Body)
	}
	return err
}

// ChangeVisibility makes the shop a queue.
func (s *shop) ChangeVisibility(ctx context.Context, _ string, changes []sqsbatch.Visibility) []error {
	errs := make([]error, len(changes))
	for i := range errs {
		errs[i] = sqsbatchtest.Call(ctx, "change visibility", changes[i].ReceiptHandle)
	}
	return errs
}

// Invariants.
func (s *shop) once(history) error { return s.charged.once("a", "b") }

func (s *shop) everyMessage(h history) error {
	for _, name := range []string{"a", "b"} {
		if err := s.charged.once(name); err != nil && err.Error() == name+" was charged 0 times" {
			return err
		}
	}
	return noneDeadLettered(h)
}

func (s *shop) onceAndNoneLost(h history) error {
	return errors.Join(s.once(h), noneDeadLettered(h), s.noLetters(h))
}

func (s *shop) noLetters(history) error {
	if len(s.letters) > 0 {
		return fmt.Errorf("dead-lettered %v", s.letters)
	}
	return nil
}

func (s *shop) mailedAll(h history) error {
	if len(h.Done) > len(s.mailed) {
		return fmt.Errorf("%d messages are done, %d mails sent", len(h.Done), len(s.mailed))
	}
	return nil
}

func (s *shop) counted(h history) error {
	if s.total < len(h.Done) {
		return fmt.Errorf("the total is %d after %d messages", s.total, len(h.Done))
	}
	return nil
}

func (s *shop) numbersAreUnique(history) error {
	for number, n := range s.numbers {
		if n > 1 {
			return fmt.Errorf("number %d was given %d times", number, n)
		}
	}
	return nil
}

func (s *shop) inOrder(history) error {
	seen := ""
	for _, name := range s.charged {
		if len(seen) > 0 && name[0] > seen[len(seen)-1]+1 || seen == "" && name != "a" {
			return fmt.Errorf("charged %v", s.charged)
		}
		seen += name
	}
	return nil
}

// planted is a handler of the catalogue, wrong or right.
type planted struct {
	start   func(s *shop) func() (process, []option)
	bulk    func(s *shop) func() (sqsbatchtest.BulkProcess[string], []option) // instead of start
	check   func(s *shop, h history) error
	fifo    bool // whether its messages are of one FIFO group
	options []sqsbatchtest.Option
}

// messages returns the messages that the handler gets.
func (p *planted) messages() []events.SQSMessage {
	if p.fifo {
		return sqsbatchtest.Grouped("x", "a", "b")
	}
	return sqsbatchtest.Messages("a", "b")
}

// world returns a World with a new shop.
func (p *planted) world() sqsbatchtest.World[string] {
	s := newShop()
	w := sqsbatchtest.World[string]{Check: func(h history) error { return p.check(s, h) }}
	if p.start != nil {
		w.Start = p.start(s)
	} else {
		w.StartBulk = p.bulk(s)
	}
	return w
}

// find explores the handler.
func (p *planted) find(t *testing.T) *sqsbatchtest.Failure {
	return sqsbatchtest.Find(t, p.messages(), p.world, p.options...)
}

// stateless is a handler that keeps nothing in its environment.
func stateless(handle func(ctx context.Context, s *shop, m message) error, options ...option) func(*shop) func() (process, []option) {
	return func(s *shop) func() (process, []option) {
		return func() (process, []option) {
			return func(ctx context.Context, m message) error { return handle(ctx, s, m) }, options
		}
	}
}

// withDeadLetters adds the shop's dead-letter queue to a handler.
func withDeadLetters(start func(s *shop) func() (process, []option)) func(*shop) func() (process, []option) {
	return func(s *shop) func() (process, []option) {
		return func() (process, []option) {
			handle, options := start(s)()
			return handle, append(options, sqsbatch.WithDeadLetter(s))
		}
	}
}

// keyed is the right handler: the service recognizes a repeated charge.
func keyed(ctx context.Context, s *shop, m message) error {
	return s.chargeOnce(ctx, m.OriginID(), m.Body)
}

// neverExpiring is an idempotency store whose claims never end.
type neverExpiring struct{ *sqsbatch.Memory }

func (s neverExpiring) Claim(ctx context.Context, key string, _ time.Time) (string, error) {
	return s.Memory.Claim(ctx, key, time.Now().Add(24*time.Hour))
}

// completeAtClaim is an idempotency store that marks a key as complete when it is claimed.
type completeAtClaim struct{ marks map[string]bool }

func (s completeAtClaim) Claim(_ context.Context, key string, _ time.Time) (string, error) {
	if s.marks[key] {
		return "", sqsbatch.ErrDone
	}
	s.marks[key] = true
	return "token", nil
}
func (completeAtClaim) Complete(context.Context, string, string) error { return nil }
func (completeAtClaim) Release(context.Context, string, string) error  { return nil }

// Every planted bug is found, with a minimal timeline, and again by the same seed.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	all := map[string]planted{}
	for _, part := range []map[string]planted{bugsOfIdempotency(), bugsOfErrors(), bugsOfState(), bugsOfConcurrency(), bugsOfOptions()} {
		for name, p := range part {
			all[name] = p
		}
	}
	if len(all) < 25 {
		t.Errorf("only %d bugs", len(all))
	}
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := p.find(t)
			if f == nil {
				t.Fatal("not found")
			}
			if len(f.Timeline) > 2 {
				t.Errorf("found with %d steps:\n%s%v", len(f.Timeline), f.Log, f.Err)
			}
			for _, smaller := range sqsbatchtest.Smaller(f.Timeline) {
				if err := sqsbatchtest.ErrorOf(t, p.messages(), p.world, smaller); err != nil {
					t.Errorf("%v is not minimal: %v breaks the invariant too: %v", f.Timeline, smaller, err)
				}
			}
			if again := p.find(t); again == nil || again.Tried != f.Tried || again.Log != f.Log {
				t.Errorf("the same seed finds %+v, want %+v", again, f)
			}
		})
	}
}

func byBody(m *events.SQSMessage) string { return m.Body }
