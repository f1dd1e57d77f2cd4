package awsapi

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is a moment in an API's input or output. JSON has it as epoch
// seconds, with a fraction of milliseconds where there is one; Query and XML as
// ISO 8601 in UTC; CBOR as tag 1.
type Timestamp time.Time

// Time gives the moment as a time.Time.
func (t Timestamp) Time() time.Time { return time.Time(t) }

// MarshalJSON writes epoch seconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	if ms%1000 == 0 {
		return strconv.AppendInt(nil, ms/1000, 10), nil
	}
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads epoch seconds, whole or with a fraction.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	s, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return err
	}
	if math.Abs(s) > 1<<40 {
		return fmt.Errorf("timestamp %s is out of range", b)
	}
	*t = Timestamp(time.UnixMilli(int64(math.Round(s * 1000))).UTC())
	return nil
}
