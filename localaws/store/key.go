package store

// A key on disk is its table's name, a NUL, and the key. So each table is a range of keys,
// and no table's name is a prefix of another's.

// appendKey appends a key on disk to dst.
func appendKey(dst []byte, table Table, key string) []byte {
	dst = append(dst, table...)
	dst = append(dst, 0)
	return append(dst, key...)
}

// keyRange returns the range of the keys of a table that begin with prefix: from low,
// inclusive, to high, exclusive.
func keyRange(table Table, prefix string) (low, high []byte) {
	low = appendKey(nil, table, prefix)
	high = append([]byte(nil), low...)
	for high[len(high)-1] == 0xff {
		high = high[:len(high)-1]
	}
	high[len(high)-1]++ // there is one: at the latest the NUL, which becomes 1
	return low, high
}
