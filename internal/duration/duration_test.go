package duration_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/reliableq/reliableq/internal/duration"
)

func TestFormatRoundsToReadableUnits(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                "0 s",
		0:                           "0.0 s",
		3210 * time.Millisecond:     "3.2 s",
		9960 * time.Millisecond:     "10 s",
		54 * time.Second:            "54 s",
		59700 * time.Millisecond:    "1 min 0 s",
		312 * time.Second:           "5 min 12 s",
		2*time.Hour + 3*time.Minute: "2 h 3 min",
	} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			if got := duration.Format(d); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A minute or more is never formatted without minutes, and the text is short.
func TestFormatIsShortForAnyDuration(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "duration"))
		text := duration.Format(d)
		if len(text) > len("1000 h 59 min") || strings.Contains(text, "60") && !strings.Contains(text, "h") {
			t.Fatalf("%s: %q", d, text)
		}

		hasMinutes := strings.Contains(text, "min")
		if d >= time.Minute && !hasMinutes || d < 59*time.Second && hasMinutes {
			t.Fatalf("%s: %q", d, text)
		}
	})
}
