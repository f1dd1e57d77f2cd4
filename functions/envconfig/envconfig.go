// Package envconfig reads the environment variables of a function, and reports all
// that are missing or malformed at once.
package envconfig

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

// Reader reads variables and records each that is missing or malformed. Check Err
// before you use the values that its methods returned.
type Reader struct {
	lookup func(string) (string, bool)
	errs   []error
}

// From returns a Reader that looks up variables with lookup, such as os.LookupEnv.
func From(lookup func(string) (string, bool)) *Reader { return &Reader{lookup: lookup} }

// Err returns an error that joins one [Error] for each bad variable, or nil.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

// String returns a variable that must be set and not empty.
func (r *Reader) String(name string) string {
	value, _ := r.lookup(name) // an empty variable counts as not set
	if value == "" {
		r.fail(name, "is not set")
	}
	return value
}

// Choice returns a variable that must be one of the given words. If it is not set,
// Choice returns the first word.
func (r *Reader) Choice(name string, words ...string) string {
	value, _ := r.lookup(name) // an empty variable counts as not set
	if value == "" {
		return words[0]
	}

	for _, word := range words {
		if value == word {
			return value
		}
	}

	// The words are the contract with the Terraform configuration: an unknown one is an error,
	// not the default.
	r.fail(name, fmt.Sprintf("is %q: want one of %q", value, words))
	return words[0]
}

// Int returns a variable that must be an integer from low to high.
func (r *Reader) Int(name string, low, high int) int {
	// If the variable is not set, String has recorded that, and fail records nothing more.
	n, err := strconv.Atoi(r.String(name))
	if err != nil || n < low || n > high {
		r.fail(name, fmt.Sprintf("is not a whole number from %d to %d", low, high))
	}
	return n
}

// Seconds returns a variable that must be a number of seconds from 0 to high.
// Fractions are allowed.
func (r *Reader) Seconds(name string, high time.Duration) time.Duration {
	seconds := r.number(name, r.String(name), 0, high.Seconds())
	return time.Duration(seconds * float64(time.Second))
}

// Share returns a variable that must be a number from 0 to 1, or fallback if it is
// not set.
func (r *Reader) Share(name string, fallback float64) float64 {
	value, _ := r.lookup(name) // an empty variable counts as not set
	if value == "" {
		return fallback
	}
	return r.number(name, value, 0, 1)
}

// Level returns a variable that must be a log level (DEBUG, INFO, WARN or ERROR),
// or INFO if it is not set.
func (r *Reader) Level(name string) slog.Level {
	level := slog.LevelInfo
	value, _ := r.lookup(name) // an empty variable counts as not set
	if value == "" {
		return level
	}

	if err := level.UnmarshalText([]byte(value)); err != nil {
		r.fail(name, fmt.Sprintf("is %q: want DEBUG, INFO, WARN or ERROR", value))
	}
	return level
}

// number parses a number from low to high. It returns low if the value is bad, which Err
// reports.
func (r *Reader) number(name, value string, low, high float64) float64 {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || n < low || n > high {
		r.fail(name, fmt.Sprintf("is not a number from %g to %g", low, high))
		return low
	}
	return n
}

// fail records that a variable is bad. Only the first error of a variable is recorded:
// later ones follow from it.
func (r *Reader) fail(name, problem string) {
	for _, err := range r.errs {
		if known := (*Error)(nil); errors.As(err, &known) && known.Name == name {
			return
		}
	}
	r.errs = append(r.errs, &Error{Name: name, Problem: problem})
}

// Error reports a bad variable.
type Error struct {
	// Name is the name of the variable.
	Name string
	// Problem is what is wrong, as the rest of a sentence that begins with the name.
	Problem string
}

// Error returns a message with the name and the problem.
func (e *Error) Error() string { return "environment variable " + e.Name + " " + e.Problem }
