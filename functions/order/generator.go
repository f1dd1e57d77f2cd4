package order

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// block is how many orders share one draw of which of them are bad.
const block = 10

// seededStart is when the first order of a seeded generator was placed: with a
// time of its own, all of a seeded order follows from the seed.
var seededStart = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

var catalogue = [...]struct {
	sku   string
	cents int
}{
	{"espresso-beans-1kg", 1890}, {"filter-paper-100", 349}, {"grinder-burr-set", 4475}, {"kettle-gooseneck", 6990},
	{"milk-jug-350ml", 1625}, {"scale-0.1g", 3999}, {"tamper-58mm", 2750},
}

// Generator makes orders, a share of them bad. Of n orders, round(n * share)
// are bad, at places that chance chose. It is not safe for concurrent use.
type Generator struct {
	rng   *rand.Rand
	share float64
	next  time.Time
	made  int
	bad   []bool // which of the current block are bad
}

// Seeded makes a generator whose orders follow from seed, count and share
// alone, to the byte. It plans the bad ones over count orders at once.
func Seeded(seed uint64, count int, share float64) *Generator {
	return newGenerator(seed, count, share, seededStart)
}

// Fresh makes a generator whose orders nobody has seen, placed from now on.
func Fresh(now time.Time, count int, share float64) *Generator {
	return newGenerator(rand.Uint64(), count, share, now.UTC().Truncate(time.Second))
}

// newGenerator plans the bad ones over count orders, or, where count is 0 for
// no end, over block after block.
func newGenerator(seed uint64, count int, share float64, start time.Time) *Generator {
	g := &Generator{rng: rand.New(rand.NewPCG(seed, 0x6f72646572)), share: share, next: start}
	if count > 0 {
		g.plan(count)
	}
	return g
}

// Next makes an order.
func (g *Generator) Next() Draft {
	if len(g.bad) == 0 {
		g.plan(block)
	}
	bad := g.bad[0]
	g.bad = g.bad[1:]
	g.made++

	item := catalogue[g.rng.IntN(len(catalogue))]
	quantity := 1 + g.rng.IntN(9)
	g.next = g.next.Add(time.Duration(g.rng.IntN(20)) * time.Second)
	store := 1 + g.rng.IntN(Stores)
	draft := Draft{Store: store, Order: Order{
		OrderID:    g.uuid(),
		CustomerID: fmt.Sprintf("cust-%05d", g.rng.IntN(100_000)),
		SKU:        item.sku,
		Quantity:   quantity,
		Amount:     float64(quantity*item.cents) / 100,
		PlacedAt:   g.next,
	}}
	if bad {
		draft.Store = 0
	}
	return draft
}

// plan says of the next n orders which are bad. It aims at the share of all
// orders so far, so that rounding does not add up over the blocks.
func (g *Generator) plan(n int) {
	due := g.target(g.made+n) - g.target(g.made)
	g.bad = make([]bool, n)
	for _, place := range g.rng.Perm(n)[:due] {
		g.bad[place] = true
	}
}

func (g *Generator) target(n int) int { return int(math.Round(float64(n) * g.share)) }

// uuid makes a version 4 UUID of the generator's own chance.
func (g *Generator) uuid() string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(g.rng.Uint32())
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	h := hex.EncodeToString(raw[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
