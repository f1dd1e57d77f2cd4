package dynamostore_test

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// value is an attribute value of DynamoDB's JSON. Only strings and numbers are
// implemented.
type value struct {
	S *string `json:",omitempty"`
	N *string `json:",omitempty"`
}

// row is an item of the table.
type row map[string]value

func (v value) validate() error {
	switch {
	case v.S != nil && v.N == nil:
		return nil
	case v.N != nil && v.S == nil:
		if _, ok := new(big.Rat).SetString(*v.N); ok {
			return nil
		}
		return invalid("A value provided cannot be converted into a number")
	}
	return invalid("not implemented by the test's table: a type other than S and N")
}

// compare compares two values. It returns false if their types differ.
func (v value) compare(w value) (order int, ok bool) {
	switch {
	case v.S != nil && w.S != nil:
		return strings.Compare(*v.S, *w.S), true
	case v.N != nil && w.N != nil:
		a, _ := new(big.Rat).SetString(*v.N)
		b, _ := new(big.Rat).SetString(*w.N)
		return a.Cmp(b), true
	}
	return 0, false
}

// expressions interprets the expressions of one request.
type expressions struct {
	names  map[string]string
	values map[string]value
	used   map[string]bool // names and values that an expression uses

	kind   string // for errors
	tokens []string
	item   row
	err    error
}

var (
	tokenPattern = regexp.MustCompile(`\s*([#:]?[A-Za-z0-9_.\-\[\]]+|<=|>=|<>|[=<>(),+*/]|\S)`)
	keywords     = []string{"AND", "OR", "NOT", "SET", "REMOVE", "ADD", "DELETE", "BETWEEN", "IN"}
)

func (e *expressions) start(kind, text string, item row) {
	e.kind = kind
	e.item = item
	e.tokens = nil
	for _, m := range tokenPattern.FindAllStringSubmatch(text, -1) {
		e.tokens = append(e.tokens, m[1])
	}
}

func (e *expressions) fail(format string, args ...any) {
	if e.err == nil {
		e.err = invalid("Invalid " + e.kind + ": " + fmt.Sprintf(format, args...))
	}
}

func (e *expressions) peek() string {
	if len(e.tokens) == 0 {
		return ""
	}
	if word := strings.ToUpper(e.tokens[0]); slices.Contains(keywords, word) {
		return word
	}
	return e.tokens[0]
}

func (e *expressions) next() string {
	t := e.peek()
	if len(e.tokens) > 0 {
		e.tokens = e.tokens[1:]
	}
	return t
}

func (e *expressions) expect(token string) {
	if t := e.next(); t != token {
		e.fail("Syntax error; token: %q, want %q", t, token)
	}
}

// condition evaluates a condition expression for an item, nil if there is none.
func (e *expressions) condition(text string, item row) (bool, error) {
	e.start("ConditionExpression", text, item)
	holds := e.or()
	if e.err == nil && len(e.tokens) > 0 {
		e.fail("Syntax error; token: %q", e.next())
	}
	return holds, e.err
}

// The operators bind as documented: NOT, then AND, then OR. Both sides are always
// parsed.
func (e *expressions) or() bool {
	holds := e.and()
	for e.peek() == "OR" {
		e.next()
		holds = e.and() || holds
	}
	return holds
}

func (e *expressions) and() bool {
	holds := e.not()
	for e.peek() == "AND" {
		e.next()
		holds = e.not() && holds
	}
	return holds
}

func (e *expressions) not() bool {
	switch t := e.peek(); t {
	case "NOT":
		e.next()
		return !e.not()
	case "(":
		e.next()
		holds := e.or()
		e.expect(")")
		return holds
	case "attribute_exists", "attribute_not_exists":
		e.next()
		e.expect("(")
		_, found := e.item[e.path()]
		e.expect(")")
		return found == (t == "attribute_exists")
	}
	return e.comparison()
}

// comparison evaluates "a = b" and the like. It is false if an attribute is missing or
// the types differ.
func (e *expressions) comparison() bool {
	a, hasA := e.operand()
	operator := e.next()
	b, hasB := e.operand()
	if e.err != nil || !hasA || !hasB {
		e.operator(operator, 0)
		return false
	}
	order, ok := a.compare(b)
	return e.operator(operator, order) && ok
}

func (e *expressions) operator(operator string, order int) bool {
	switch operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	e.fail("not implemented by the test's table: %q", operator)
	return false
}

func (e *expressions) operand() (value, bool) {
	if strings.HasPrefix(e.peek(), ":") {
		return e.value(), true
	}
	v, found := e.item[e.path()]
	return v, found
}

func (e *expressions) value() value {
	t := e.next()
	v, ok := e.values[t]
	if !ok {
		e.fail("An expression attribute value used in expression is not defined; attribute value: %s", t)
	}
	e.used[t] = true
	return v
}

// path returns the name of a top-level attribute, which must be a placeholder: many
// names are reserved words.
func (e *expressions) path() string {
	t := e.next()
	if !strings.HasPrefix(t, "#") {
		e.fail("not implemented by the test's table: %q where it needs a name such as #key", t)
		return ""
	}
	name, ok := e.names[t]
	if !ok {
		e.fail("An expression attribute name used in the document path is not defined; attribute name: %s", t)
	}
	e.used[t] = true
	return name
}

// update returns the item with an update expression of SET and REMOVE applied.
func (e *expressions) update(text string, item row) (row, error) {
	e.start("UpdateExpression", text, item)
	changed := row{}
	for name, v := range item {
		changed[name] = v
	}

	var clauses, paths []string
	for len(e.tokens) > 0 && e.err == nil {
		clause := e.next()
		if slices.Contains(clauses, clause) {
			e.fail("The %q section can only be used once in an update expression", clause)
		}
		clauses = append(clauses, clause)
		if clause != "SET" && clause != "REMOVE" {
			e.fail("not implemented by the test's table: %q", clause)
			break
		}

		for {
			name := e.path()
			if slices.Contains(paths, name) {
				e.fail("Two document paths overlap with each other; must remove or rewrite one of these paths; path: [%s]", name)
			}
			paths = append(paths, name)
			if clause == "SET" {
				e.expect("=")
				changed[name], _ = e.operand()
			} else {
				delete(changed, name)
			}
			if e.peek() != "," {
				break
			}
			e.next()
		}
	}
	return changed, e.err
}

// checkUsed returns an error if a name or value is not used, which DynamoDB refuses.
func (e *expressions) checkUsed() error {
	for name := range e.names {
		if !e.used[name] {
			return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {" + name + "}")
		}
	}
	for name := range e.values {
		if !e.used[name] {
			return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {" + name + "}")
		}
	}
	return nil
}
