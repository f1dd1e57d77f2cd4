package order_test

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/functions/order"
)

var update = flag.Bool("update", false, "update the golden files")

func take(g *order.Generator, n int) []order.Draft {
	drafts := make([]order.Draft, n)
	for i := range drafts {
		drafts[i] = g.Next()
	}
	return drafts
}

func countBad(drafts []order.Draft) int {
	n := 0
	for _, d := range drafts {
		if d.IsBad() {
			n++
		}
	}
	return n
}

// Scripts and reports depend on the orders of a seed, so they must not change between
// versions.
func TestSeededOrdersMatchTheGoldenFile(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, d := range take(order.Seeded(7, 12, 0.25), 12) {
		body, err := json.Marshal(d.Order)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(body)
		if d.IsBad() {
			got.WriteString(" bad")
		}
		got.WriteByte('\n')
	}
	const path = "testdata/seed-7.jsonl"
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameSeedGivesTheSameOrders(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seed, n, share := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 300).Draw(t, "n"), rapid.Float64Range(0, 1).Draw(t, "share")
		if diff := cmp.Diff(take(order.Seeded(seed, n, share), n), take(order.Seeded(seed, n, share), n)); diff != "" {
			t.Fatal(diff)
		}
		if n > 3 && cmp.Equal(take(order.Seeded(seed, n, share), n), take(order.Seeded(seed+1, n, share), n)) {
			t.Fatal("another seed gave the same orders")
		}
	})
}

func TestShareOfACountIsBad(t *testing.T) {
	t.Parallel()
	if got := countBad(take(order.Seeded(7, 89, 0.05), 89)); got != 4 {
		t.Errorf("%d of 89 are bad, want 4", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		n, share := rapid.IntRange(1, 500).Draw(t, "n"), rapid.Float64Range(0, 1).Draw(t, "share")
		if got, want := countBad(take(order.Random(time.Unix(0, 0), n, share), n)), int(math.Round(float64(n)*share)); got != want {
			t.Fatalf("%d of %d are bad, want %d", got, n, want)
		}
	})
}

// Without a count the share is met in every ten orders, and rounding errors do not add
// up.
func TestShareHoldsWithoutACount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		share, blocks := rapid.Float64Range(0, 1).Draw(t, "share"), rapid.IntRange(1, 200).Draw(t, "blocks")
		n := blocks * 10
		if got, want := countBad(take(order.Seeded(1, 0, share), n)), int(math.Round(float64(n)*share)); got != want {
			t.Fatalf("%d of %d are bad, want %d", got, n, want)
		}
	})
}

func TestOrdersAreInRange(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 9, 0, 0, 123, time.UTC)
	seen := map[string]bool{}
	last := start.Truncate(time.Second)
	for _, d := range take(order.Random(start, 500, 0.1), 500) {
		o := d.Order
		cents := o.Amount * 100
		switch {
		case seen[o.OrderID] || len(o.OrderID) != 36 || o.OrderID[14] != '4':
			t.Errorf("order id %s", o.OrderID)
		case o.Quantity < 1 || o.Quantity > 9 || o.SKU == "" || !strings.HasPrefix(o.CustomerID, "cust-"):
			t.Errorf("order %+v", o)
		case math.Abs(cents-math.Round(cents)) > 1e-9 || o.Amount <= 0:
			t.Errorf("amount %v", o.Amount)
		case o.PlacedAt.Before(last) || o.PlacedAt.Nanosecond() != 0:
			t.Errorf("placed at %v after %v", o.PlacedAt, last)
		case d.Store < 0 || d.Store > order.Stores:
			t.Errorf("store %d", d.Store)
		}
		seen[o.OrderID], last = true, o.PlacedAt
	}
}

func TestAttributesDistinguishGoodFromBad(t *testing.T) {
	t.Parallel()
	sent := time.Unix(1767225600, 5)
	texts := func(d order.Draft) map[string]string {
		out := map[string]string{}
		for name, a := range d.Attributes("reliable", sent) {
			out[name] = *a.DataType + " " + *a.StringValue
		}
		return out
	}
	good := map[string]string{"project": "String reliable", "ts": "Number 1767225600", "store_id": "Number 5"}
	if diff := cmp.Diff(good, texts(order.Draft{Store: 5})); diff != "" {
		t.Error(diff)
	}
	bad := map[string]string{"project": "String reliable", "ts": "Number 1767225600", "bad_msg": "String True"}
	if diff := cmp.Diff(bad, texts(order.Draft{})); diff != "" {
		t.Error(diff)
	}
}
