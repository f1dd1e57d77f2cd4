//go:build race

package localaws_test

// raceDetector says that this program runs under the race detector, some ten times
// slower.
const raceDetector = true
