package order

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// block is the number of orders among which the bad ones are chosen at once.
const block = 10

// seededStart is when the first order of a seeded generator was placed. It is fixed,
// so that the seed determines the whole order.
var seededStart = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

var catalogue = [...]struct {
	sku   string
	cents int
}{
	{"espresso-beans-1kg", 1890}, {"filter-paper-100", 349}, {"grinder-burr-set", 4475}, {"kettle-gooseneck", 6990},
	{"milk-jug-350ml", 1625}, {"scale-0.1g", 3999}, {"tamper-58mm", 2750},
}

// Generator generates orders, a share of them bad. Of n orders, round(n * share) are
// bad, at random positions. It is not safe for concurrent use.
type Generator struct {
	rng       *rand.Rand
	share     float64
	next      time.Time
	generated int    // number of orders so far
	bad       []bool // whether each of the next orders is bad, to the end of the block
}

// Seeded returns a generator whose orders are determined by seed, count and share,
// to the byte. The bad ones are chosen among all count orders.
func Seeded(seed uint64, count int, share float64) *Generator {
	return newGenerator(seed, count, share, seededStart)
}

// Random returns a generator of random orders, placed from now on.
func Random(now time.Time, count int, share float64) *Generator {
	return newGenerator(rand.Uint64(), count, share, now.UTC().Truncate(time.Second))
}

// newGenerator returns a generator that chooses the bad ones among the next count orders
// or, if count is 0, among each block of orders.
func newGenerator(seed uint64, count int, share float64, start time.Time) *Generator {
	g := &Generator{
		rng:   rand.New(rand.NewPCG(seed, 0x6f72646572)), // "order": other users of the seed have other sequences
		share: share,
		next:  start,
	}
	if count > 0 {
		g.chooseBad(count)
	}
	return g
}

// Next returns the next order.
func (g *Generator) Next() Draft {
	if len(g.bad) == 0 {
		g.chooseBad(block)
	}

	bad := g.bad[0]
	g.bad = g.bad[1:]
	g.generated++

	// Do not change the sequence of random numbers: the same seed must give the same
	// orders in every version.
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

// chooseBad chooses which of the next n orders are bad. Their number follows from the
// share of all orders so far, so that rounding errors do not add up over the blocks.
func (g *Generator) chooseBad(n int) {
	due := g.target(g.generated+n) - g.target(g.generated)
	g.bad = make([]bool, n)
	for _, i := range g.rng.Perm(n)[:due] {
		g.bad[i] = true
	}
}

// target returns how many of the first n orders are bad.
func (g *Generator) target(n int) int { return int(math.Round(float64(n) * g.share)) }

// uuid returns a version 4 UUID from the generator's random source.
func (g *Generator) uuid() string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(g.rng.Uint32())
	}

	// The bits for version 4 and for the variant of RFC 9562.
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	h := hex.EncodeToString(raw[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
