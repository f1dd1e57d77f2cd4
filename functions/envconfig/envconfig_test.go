package envconfig_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/envconfig"
)

func environment(vars map[string]string) *envconfig.Reader {
	return envconfig.From(func(name string) (string, bool) {
		value, ok := vars[name]
		return value, ok
	})
}

func TestVariablesAreRead(t *testing.T) {
	t.Parallel()
	r := environment(map[string]string{"TEXT": "a b", "WORD": "two", "WHOLE": "7", "SECONDS": "1.5", "SHARE": "0.25", "LEVEL": "WARN", "EMPTY": ""})
	if r.String("TEXT") != "a b" || r.Choice("WORD", "one", "two") != "two" || r.Choice("EMPTY", "one", "two") != "one" ||
		r.Int("WHOLE", 1, 7) != 7 || r.Seconds("SECONDS", time.Minute) != 1500*time.Millisecond ||
		r.Share("SHARE", 0.1) != 0.25 || r.Share("ABSENT", 0.1) != 0.1 ||
		r.Level("LEVEL") != slog.LevelWarn || r.Level("EMPTY") != slog.LevelInfo {
		t.Error("a variable was parsed wrongly")
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestEachBadVariableIsReportedOnce(t *testing.T) {
	t.Parallel()
	r := environment(map[string]string{
		"WORD": "three", "WHOLE": "8", "FRACTION": "1.5", "SECONDS": "61", "NAN": "NaN", "SHARE": "2", "LEVEL": "loud", "WRONG": "x",
	})
	r.String("TEXT")
	r.Choice("WORD", "one", "two")
	r.Int("WHOLE", 1, 7)
	r.Int("FRACTION", 1, 7)
	r.Int("ABSENT", 1, 7)
	r.Seconds("SECONDS", time.Minute)
	r.Seconds("NAN", time.Minute)
	r.Seconds("GONE", time.Minute)
	r.Share("SHARE", 0.1)
	r.Share("WRONG", 0.1)
	r.Level("LEVEL")
	want := `environment variable TEXT is not set
environment variable WORD is "three": want one of ["one" "two"]
environment variable WHOLE is not a whole number from 1 to 7
environment variable FRACTION is not a whole number from 1 to 7
environment variable ABSENT is not set
environment variable SECONDS is not a number from 0 to 60
environment variable NAN is not a number from 0 to 60
environment variable GONE is not set
environment variable SHARE is not a number from 0 to 1
environment variable WRONG is not a number from 0 to 1
environment variable LEVEL is "loud": want DEBUG, INFO, WARN or ERROR`
	err := r.Err()
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	var bad *envconfig.Error
	if !errors.As(err, &bad) || bad.Name != "TEXT" {
		t.Errorf("first error %+v, want that of TEXT", bad)
	}
}
