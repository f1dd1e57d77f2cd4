//go:build !race

package localaws_test

// raceDetector reports that this program runs under the race detector.
const raceDetector = false
