package dynamostore_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/sqsbatch"
	"github.com/reliableq/reliableq/sqsbatch/dynamostore"
)

// modelItem is what a key should be.
type modelItem struct {
	token   string
	done    bool
	hash    string
	until   time.Time // of a claim
	expires time.Time // of a result
}

// With any interleaving of environments, lost responses, crashes between the effect and
// the mark, and late deletions: at most one holder at a time, and done is final until
// it expires.
func TestStoreBehavesAsItsModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) { // a bubble has no Deadline
			m := &model{t: t, items: map[string]*modelItem{}, tokens: map[string][]string{}, table: newTable()}
			p := place{client: client(m.table, "http://dynamodb.invalid"), table: tableName}
			m.stores = []*dynamostore.Store{p.store(t, "ship", modelTTL), p.store(t, "bill", modelTTL)}
			rt.Repeat(map[string]func(*rapid.T){
				"claim":          m.claim,
				"claim together": m.claimTogether,
				"complete":       func(rt *rapid.T) { m.settle(rt, true) },
				"release":        func(rt *rapid.T) { m.settle(rt, false) },
				"wait":           func(rt *rapid.T) { wait(time.Duration(rapid.IntRange(1, 8000).Draw(rt, "ms")) * time.Millisecond) },
				"delete expired": func(*rapid.T) { m.table.expire(); m.expire() },
				"inject faults": func(rt *rapid.T) {
					m.table.inject(rapid.SliceOfN(rapid.SampledFrom([]fault{lost, throttle, internal}), 0, 2).Draw(rt, "faults")...)
				},
			})
		})
	})
}

const modelTTL = 20 * time.Second

type model struct {
	t      *testing.T
	table  *table
	stores []*dynamostore.Store
	items  map[string]*modelItem
	tokens map[string][]string // all tokens that a key had
}

func (m *model) draw(rt *rapid.T) (s *dynamostore.Store, key, id string) {
	n := rapid.IntRange(0, 1).Draw(rt, "namespace")
	key = rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "key")
	return m.stores[n], key, fmt.Sprint(n, key)
}

// secondsUp rounds as the table's attribute does.
func secondsUp(t time.Time) time.Time { return time.Unix((t.UnixNano()+1e9-1)/1e9, 0) }

func (m *model) free(id string) bool {
	i, ok := m.items[id]
	if !ok {
		return true
	}
	if i.done {
		return time.Now().Unix() >= i.expires.Unix()
	}
	return !time.Now().Before(i.until)
}

// expire forgets what time to live deletes.
func (m *model) expire() {
	for id, i := range m.items {
		at := i.expires
		if !i.done {
			at = secondsUp(i.until)
		}
		if time.Now().Unix() >= at.Unix() {
			delete(m.items, id)
		}
	}
}

func (m *model) claim(rt *rapid.T) {
	s, key, id := m.draw(rt)
	hash := rapid.SampledFrom([]string{"", "h1", "h2"}).Draw(rt, "hash")
	until := in(time.Duration(rapid.IntRange(1, 9000).Draw(rt, "claim ms")) * time.Millisecond).Round(0)
	token, err := s.ClaimPayload(rt.Context(), key, hash, until)

	old := m.items[id]
	var other *sqsbatch.PayloadError
	differs := old != nil && hash != "" && old.hash != "" && hash != old.hash
	switch {
	case m.free(id):
		if err != nil {
			rt.Fatalf("claim of a free key: %v", err)
		}
		m.items[id] = &modelItem{token: token, until: until, hash: hash}
		m.tokens[id] = append(m.tokens[id], token)
	case old.done && differs:
		if !errors.As(err, &other) || errors.Is(err, sqsbatch.ErrDone) {
			rt.Fatalf("claim of a key that is done with another payload: %v", err)
		}
	case old.done:
		if !errors.Is(err, sqsbatch.ErrDone) {
			rt.Fatalf("claim of a complete key: %v", err)
		}
	default:
		if !errors.Is(err, sqsbatch.ErrClaimed) || errors.As(err, &other) != differs {
			rt.Fatalf("claim of a claimed key: %v", err)
		}
	}
}

func (m *model) claimTogether(rt *rapid.T) {
	s, key, id := m.draw(rt)
	if !m.free(id) {
		rt.Skip()
	}
	m.table.inject()
	tokens := claimTogether(m.t, s, key, rapid.IntRange(2, 5).Draw(rt, "environments"))
	if len(tokens) != 1 {
		rt.Fatalf("%d holders", len(tokens))
	}
	m.items[id] = &modelItem{token: tokens[0], until: in(time.Minute).Round(0)}
	m.tokens[id] = append(m.tokens[id], tokens[0])
}

// settle completes or releases with any token that the key ever had. A crash between
// the effect and the mark is a token with which nobody does.
func (m *model) settle(rt *rapid.T, complete bool) {
	s, key, id := m.draw(rt)
	if len(m.tokens[id]) == 0 {
		rt.Skip()
	}
	token := rapid.SampledFrom(m.tokens[id]).Draw(rt, "token")
	old := m.items[id]
	held := old != nil && old.token == token

	if complete {
		err := s.Complete(rt.Context(), key, token)
		if held != (err == nil) || !held && !errors.Is(err, sqsbatch.ErrLost) {
			rt.Fatalf("complete, token held %v: %v", held, err)
		}
		if held && !old.done {
			m.items[id] = &modelItem{token: token, done: true, hash: old.hash, expires: secondsUp(in(modelTTL))}
		}
		return
	}

	err := s.Release(rt.Context(), key, token)
	switch {
	case old == nil, held && !old.done:
		if err != nil {
			rt.Fatalf("release: %v", err)
		}
		delete(m.items, id)
	case held:
		if !errors.Is(err, sqsbatch.ErrDone) {
			rt.Fatalf("release of a complete key: %v", err)
		}
	case !errors.Is(err, sqsbatch.ErrLost):
		rt.Fatalf("release of another's key: %v", err)
	}
}
