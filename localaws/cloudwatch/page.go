package cloudwatch

import (
	"encoding/base64"
	"strconv"
)

// pageSize checks the size of a page and answers it, or the default.
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

// page cuts a page out of a listing of n, and answers the token of the next one.
// A token is where to go on.
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
