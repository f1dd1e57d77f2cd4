package lambda

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/reliableq/reliableq/localaws/chance"
)

// maxChainInvocations is how often one chain of requests may invoke a function. A further
// invocation is a recursive loop.
const maxChainInvocations = 16

// maxLineageEntries is the most functions in a lineage. The one with the fewest
// invocations is removed first.
const maxLineageEntries = 3

// extendTrace returns the trace header for an invocation of the function: header with a
// new Parent, or a new header as of now if it is empty. The field Lineage counts how often each
// function of the chain has been invoked, as hash:count|hash:count, and is part of
// whatever the function sends. invocations is the function's own count, including this
// invocation.
func extendTrace(rnd *chance.Source, now time.Time, header, functionARN string) (next string, invocations int) {
	fields, lineage := parseTrace(header)
	if fields["Root"] == "" {
		fields["Root"] = fmt.Sprintf("1-%08x-%s", now.Unix(), rnd.Hex(24))
	}

	if fields["Sampled"] == "" {
		fields["Sampled"] = "0"
	}

	fields["Parent"] = rnd.Hex(16)

	// The hash keeps the header short, as AWS does.
	h := fnv.New32a()
	h.Write([]byte(functionARN)) // a hash never fails
	id := fmt.Sprintf("%08x", h.Sum32())
	lineage = lineage.add(id)
	return "Root=" + fields["Root"] + ";Parent=" + fields["Parent"] + ";Sampled=" + fields["Sampled"] + ";Lineage=" + lineage.String(),
		lineage.count(id)
}

// lineageEntry counts the invocations of one function in a chain. id is the hash of its
// ARN.
type lineageEntry struct {
	id    string
	count int
}

// lineage is the field Lineage of a trace header.
type lineage []lineageEntry

// parseTrace returns the fields of a trace header by name, and its lineage. What cannot be
// read is left out.
func parseTrace(header string) (map[string]string, lineage) {
	fields := map[string]string{}
	if header == "" {
		return fields, nil
	}

	// SDKs percent-encode the characters that they do not expect in a header.
	if strings.Contains(header, "%") {
		header = strings.NewReplacer("%7C", "|", "%7c", "|", "%3A", ":", "%3a", ":").Replace(header)
	}

	for _, part := range strings.Split(header, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			fields[name] = value
		}
	}

	var chain lineage
	for _, part := range strings.Split(fields["Lineage"], "|") {
		id, digits, ok := strings.Cut(part, ":")
		if n, err := strconv.Atoi(digits); ok && err == nil && len(id) == 8 && n > 0 && n < 1<<20 {
			chain = append(chain, lineageEntry{id, n})
		}
	}

	return fields, chain
}

// add counts one more invocation of id.
func (l lineage) add(id string) lineage {
	for i := range l {
		if l[i].id == id {
			l[i].count++
			return l
		}
	}

	if len(l) >= maxLineageEntries {
		// The function with the fewest invocations is the least likely to be part of a loop.
		least := 0
		for i := range l {
			if l[i].count < l[least].count {
				least = i
			}
		}
		l = append(l[:least], l[least+1:]...)
	}

	return append(l, lineageEntry{id, 1})
}

func (l lineage) count(id string) int {
	for _, k := range l {
		if k.id == id {
			return k.count
		}
	}
	return 0
}

// String returns the lineage as it is in a header.
func (l lineage) String() string {
	parts := make([]string, len(l))
	for i, k := range l {
		parts[i] = k.id + ":" + strconv.Itoa(k.count)
	}
	return strings.Join(parts, "|")
}
