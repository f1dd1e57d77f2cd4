package store

// A key on disk is its table's name, a NUL, and the key. Tables are ranges of
// keys in this way, and a table's name is no prefix of another's.

func appendKey(dst []byte, table Table, key string) []byte {
	dst = append(dst, table...)
	dst = append(dst, 0)
	return append(dst, key...)
}

// keyRange is where the keys of a table lie that begin with prefix: from low up
// to, but without, high.
func keyRange(table Table, prefix string) (low, high []byte) {
	low = appendKey(nil, table, prefix)
	high = append([]byte(nil), low...)
	for high[len(high)-1] == 0xff {
		high = high[:len(high)-1]
	}
	high[len(high)-1]++ // at the latest the NUL, which becomes 1
	return low, high
}
