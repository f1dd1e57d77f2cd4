// Package setting reads what a function is told by its environment, and names
// everything that is wrong with it at once.
package setting

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// Reader reads variables one by one and remembers each that is missing or
// malformed. Check Err before using what it returned.
type Reader struct {
	lookup func(string) (string, bool)
	errs   []error
}

// From makes a Reader of the given look-up, which os.LookupEnv satisfies.
func From(lookup func(string) (string, bool)) *Reader { return &Reader{lookup: lookup} }

// Err joins what was wrong with the variables read so far; nil if nothing was.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// Text reads a variable that must be there and not be empty.
func (r *Reader) Text(name string) string {
	value, _ := r.lookup(name)
	if value == "" {
		r.fail(name, "is not set")
	}
	return value
}

// Choice reads a variable that names one of the given words, the first of which
// holds where it is not set.
func (r *Reader) Choice(name string, words ...string) string {
	value, _ := r.lookup(name)
	if value == "" {
		return words[0]
	}
	for _, word := range words {
		if value == word {
			return value
		}
	}
	r.fail(name, fmt.Sprintf("is %q: want one of %q", value, words))
	return words[0]
}

// Whole reads a whole number from low to high that must be there.
func (r *Reader) Whole(name string, low, high int) int {
	n, err := strconv.Atoi(r.Text(name))
	if err != nil || n < low || n > high {
		r.fail(name, fmt.Sprintf("is not a whole number from %d to %d", low, high))
	}
	return n
}

// Seconds reads a number of seconds, fractions allowed, from zero to high, that
// must be there.
func (r *Reader) Seconds(name string, high time.Duration) time.Duration {
	seconds := r.number(name, r.Text(name), 0, high.Seconds())
	return time.Duration(seconds * float64(time.Second))
}

// Share reads a number from 0 to 1, which is fallback where it is not set.
func (r *Reader) Share(name string, fallback float64) float64 {
	value, _ := r.lookup(name)
	if value == "" {
		return fallback
	}
	return r.number(name, value, 0, 1)
}

// Level reads a log level (DEBUG, INFO, WARN or ERROR), which is INFO where it
// is not set.
func (r *Reader) Level(name string) slog.Level {
	level := slog.LevelInfo
	value, _ := r.lookup(name)
	if value == "" {
		return level
	}
	if err := level.UnmarshalText([]byte(value)); err != nil {
		r.fail(name, fmt.Sprintf("is %q: want DEBUG, INFO, WARN or ERROR", value))
	}
	return level
}

func (r *Reader) number(name, value string, low, high float64) float64 {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || n < low || n > high {
		r.fail(name, fmt.Sprintf("is not a number from %g to %g", low, high))
		return low
	}
	return n
}

// fail remembers one fault per variable: what follows from it says nothing new.
func (r *Reader) fail(name, what string) {
	for _, err := range r.errs {
		if fault := (*Fault)(nil); errors.As(err, &fault) && fault.Name == name {
			return
		}
	}
	r.errs = append(r.errs, &Fault{Name: name, What: what})
}

// Fault is what is wrong with one variable.
type Fault struct {
	// Name is the variable's.
	Name string
	// What is wrong, as the rest of a sentence that begins with the name.
	What string
}

// Error is the sentence.
func (f *Fault) Error() string { return "environment variable " + f.Name + " " + f.What }
