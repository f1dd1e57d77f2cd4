package cloudwatch

import (
	"encoding/base64"
	"strconv"
)

// pageSize validates a requested page size and returns it, or standard if none is
// given.
func pageSize(member string, n *int, standard, most int) (int, error) {
	switch {
	case n == nil:
		return standard, nil
	case *n < 1:
		return 0, constraintError(member, *n, "Member must have value greater than or equal to 1")
	case *n > most:
		return 0, constraintError(member, *n, "Member must have value less than or equal to "+strconv.Itoa(most))
	}
	return *n, nil
}

// page returns the bounds of the page that token stands for in a list of n entries,
// and the token of the next page. A token is the index of the page's first entry.
func page(n int, token string, size int) (from, to int, next string, err error) {
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		if err == nil {
			from, err = strconv.Atoi(string(text))
		}
		if err != nil || from < 1 {
			return 0, 0, "", errInvalidToken.With("Invalid nextToken")
		}
	}

	from = min(from, n)
	to = min(from+size, n)
	if to < n {
		next = base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, int64(to), 10))
	}

	return from, to, next, nil
}
