package awsapi

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is a time in an API's input or output. In JSON it is the number of
// seconds since 1970, with a fraction of milliseconds if there is one; in Query
// and XML it is ISO 8601 in UTC; in CBOR it is tag 1.
type Timestamp time.Time

// Time returns the timestamp as a time.Time.
func (t Timestamp) Time() time.Time { return time.Time(t) }

// MarshalJSON encodes seconds since 1970.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	if ms%1000 == 0 {
		return strconv.AppendInt(nil, ms/1000, 10), nil
	}
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// UnmarshalJSON decodes seconds since 1970, whole or with a fraction.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	s, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return err
	}

	// Outside of this range the arithmetic of time.Time overflows.
	if math.Abs(s) > 1<<40 {
		return fmt.Errorf("timestamp %s is out of range", b)
	}

	*t = Timestamp(time.UnixMilli(int64(math.Round(s * 1000))).UTC())
	return nil
}
