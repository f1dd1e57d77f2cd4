//go:build !race

package localaws_test

// raceDetector says that this program runs under the race detector.
const raceDetector = false
