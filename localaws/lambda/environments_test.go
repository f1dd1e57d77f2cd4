package lambda

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// The user id of an environment depends on its number: two live environments must not
// have the same number, however many were started and closed in between.
func TestLiveEnvironmentsHaveDifferentNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := environmentNumbers{block: rapid.IntRange(0, process.MaxNumber/maxEnvironments-1).Draw(t, "block")}
		living := map[int]bool{}
		for range rapid.IntRange(1, 3*maxEnvironments).Draw(t, "steps") {
			end := rapid.IntRange(0, 2).Draw(t, "end") == 0 || len(living) == maxEnvironments
			if !end {
				number := n.take()
				if living[number] || number < 0 || number >= process.MaxNumber {
					t.Fatalf("number %d was assigned twice, or is out of range", number)
				}
				living[number] = true
				continue
			}

			for number := range living {
				n.free(number)
				delete(living, number)
				break
			}
		}
	})
}
