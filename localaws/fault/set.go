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
	chance *chance.Source
	some   atomic.Bool // there are rules

	mu      sync.Mutex // guards what follows
	last    int
	rules   []*Rule         // in order of coming
	refused map[Kind]string // kinds that cannot be had here, and why
}

// New makes an empty set. now is service time.
func New(now func() time.Time, source *chance.Source) *Set { return &Set{now: now, chance: source} }

// Add puts a rule in force, and answers it with its id and what its kind implies.
// The error names everything that is wrong with it.
func (s *Set) Add(r Rule) (Rule, error) {
	if err := r.prepare(); err != nil {
		return Rule{}, fmt.Errorf("add fault: %w", err)
	}
	r.Struck = 0
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.refused[r.Kind]; why != "" {
		return Rule{}, fmt.Errorf("add fault: %s: %s", r.Kind, why)
	}
	s.last++
	r.ID = strconv.Itoa(s.last)
	s.rules = append(s.rules, &r)
	s.some.Store(true)
	return r, nil
}

// Refuse has Add refuse a kind from now on, and say why.
func (s *Set) Refuse(kind Kind, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = map[Kind]string{}
	}
	s.refused[kind] = why
}

// Resume puts the rules in force that List of another set answered, with their ids
// and with what they have struck, in an empty set.
func (s *Set) Resume(rules []Rule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		id, err := strconv.Atoi(r.ID)
		if err == nil {
			err = r.prepare()
		}
		if why := s.refused[r.Kind]; err == nil && why != "" {
			err = fmt.Errorf("%s: %s", r.Kind, why)
		}
		if err != nil {
			return fmt.Errorf("resume fault %q: %w", r.ID, err)
		}
		s.last = max(s.last, id)
		s.rules = append(s.rules, &r)
	}
	s.some.Store(len(s.rules) > 0)
	return nil
}

// List answers the rules in the order in which they came, spent ones too.
func (s *Set) List() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = *r
	}
	return out
}

// Clear takes the rule with an id away, or with an empty id all of them, and
// answers how many that were.
func (s *Set) Clear(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r *Rule) bool { return id == "" || r.ID == id })
	s.some.Store(len(s.rules) > 0)
	return before - len(s.rules)
}

// Strike asks whether something of the given kinds goes wrong on an occasion, and
// answers the first rule that says so. Each rule that is about the occasion draws
// once.
func (s *Set) Strike(o Occasion, kinds ...Kind) (Rule, bool) {
	if !s.some.Load() {
		return Rule{}, false
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.meets(o, kinds, now) && s.chance.Float() < r.Probability {
			r.Struck++
			return *r, true
		}
	}
	return Rule{}, false
}

// Some reports whether there is any rule.
func (s *Set) Some() bool { return s.some.Load() }

// Call asks for a fault of a call.
func (s *Set) Call(o Occasion) (Rule, bool) { return s.Strike(o, calls...) }

// IntN draws a number in [0, n) for how a fault goes.
func (s *Set) IntN(n int) int { return s.chance.IntN(n) }
