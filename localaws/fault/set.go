package fault

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
)

// Set is the rules of one server. It is safe for concurrent use.
type Set struct {
	now    func() time.Time
	random *chance.Source
	// hasRules reports whether rules is not empty. It is read without the lock, because
	// every call of every operation asks.
	hasRules atomic.Bool

	mu      sync.Mutex // guards what follows
	known   Operations
	lastID  int
	rules   []*Rule         // in the sequence in which they were added
	refused map[Kind]string // kinds that this server does not support, and why
}

// New returns an empty set that accepts rules for any operation. now returns service
// time.
func New(now func() time.Time, random *chance.Source) *Set {
	return &Set{now: now, random: random}
}

// Restrict makes Add refuse rules for services and operations that do not exist, from
// now on.
func (s *Set) Restrict(known Operations) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = known
}

// Add adds a rule and returns it with its id and what its kind implies. The error
// names everything that is wrong with it. Whether the resource exists is not
// checked: a rule can be added before its queue or function.
func (s *Set) Add(r Rule) (Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if err := s.complete(&r); err != nil {
		return Rule{}, fmt.Errorf("add fault: %w", err)
	}

	s.lastID++
	r.ID = strconv.Itoa(s.lastID)
	// The rule may be one that List returned, with its count.
	r.Injected = 0
	s.rules = append(s.rules, &r)
	s.hasRules.Store(true)
	return r, nil
}

// Complete checks a rule and returns it with what its kind implies, without adding
// it.
func (s *Set) Complete(r Rule) (Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.complete(&r)
	return r, err
}

func (s *Set) complete(r *Rule) error {
	if err := r.complete(s.known); err != nil {
		return err
	}
	if why := s.refused[r.Kind]; why != "" {
		return fmt.Errorf("%s: %s", r.Kind, why)
	}
	return nil
}

// Refuse makes Add refuse a kind from now on, with a reason for its error.
func (s *Set) Refuse(kind Kind, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = map[Kind]string{}
	}
	s.refused[kind] = why
}

// Restore adds to an empty set the rules that List of another set returned, with
// their ids and their numbers of injections.
func (s *Set) Restore(rules []Rule) error {
	s.mu.Lock()
	defer s.mu.Unlock()

	for _, r := range rules {
		id, err := strconv.Atoi(r.ID)
		if err == nil {
			err = s.complete(&r)
		}
		if err != nil {
			return fmt.Errorf("restore fault %q: %w", r.ID, err)
		}
		// No id is used twice, also across restarts.
		s.lastID = max(s.lastID, id)
		s.rules = append(s.rules, &r)
	}

	s.hasRules.Store(len(s.rules) > 0)
	return nil
}

// List returns the rules in the sequence in which they were added, including those
// that have ended.
func (s *Set) List() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Copies: the counts of the rules change while the caller reads them.
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = *r
	}
	return out
}

// Clear removes the rule with an id, or all of them for an empty id, and returns how
// many it removed.
func (s *Set) Clear(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r *Rule) bool { return id == "" || r.ID == id })
	s.hasRules.Store(len(s.rules) > 0)
	return before - len(s.rules)
}

// Choose decides whether a fault of one of the kinds is injected at a point, and
// returns the first rule that applies, already counted. Every rule that applies
// draws once, in sequence, until one is chosen.
func (s *Set) Choose(p Point, kinds ...Kind) (Rule, bool) {
	if !s.hasRules.Load() {
		return Rule{}, false
	}

	// now takes the clock's lock, so it comes before ours.
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()

	for _, r := range s.rules {
		if r.applies(p, kinds, now) && s.random.Float() < r.Probability {
			r.Injected++
			return *r, true
		}
	}

	return Rule{}, false
}

// ChooseForCall is Choose for the kinds that apply to any call of an operation.
func (s *Set) ChooseForCall(p Point) (Rule, bool) { return s.Choose(p, callKinds...) }

// ChooseForInvocation is Choose for the kinds that apply to a function while it runs.
func (s *Set) ChooseForInvocation(p Point) (Rule, bool) { return s.Choose(p, invocationKinds...) }

// Empty reports whether there is no rule.
func (s *Set) Empty() bool { return !s.hasRules.Load() }

// IntN returns a random number in [0, n) for the details of a fault.
func (s *Set) IntN(n int) int { return s.random.IntN(n) }
