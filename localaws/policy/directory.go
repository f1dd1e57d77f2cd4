package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Directory translates between the ARNs of IAM's roles and users and their unique
// ids. A resource's policy is stored with ids in place of ARNs: a role that is
// deleted and created again is another principal, which the policy does not name
// (IAM A1). The zero value leaves policies as they are.
type Directory struct {
	// ID returns the unique id of the principal that an ARN names, and false when
	// there is none. An ARN that cannot be looked up, such as that of another
	// account, is returned unchanged.
	ID func(arn string) (id string, ok bool)
	// ARN returns the ARN of the principal with a unique id, and false when there
	// is none.
	ARN func(id string) (arn string, ok bool)
}

// uniqueID is the form of a principal's unique id. A session's has the name of the
// session behind it.
var uniqueID = regexp.MustCompile(`^A[A-Za-z0-9]{15,127}(:[\w+=,.@-]{1,64})?$`)

// Bind returns a policy with unique ids in place of the ARNs of its principals, as
// it is to be stored. The rest of the text stays as it is. Its error is a *Fault
// that names a principal that does not exist. The text must be one that [Parse]
// accepts.
func (d Directory) Bind(text string) (string, error) {
	if d.ID == nil {
		return text, nil
	}
	return replacePrincipals(text, func(principal string) (string, error) {
		id, ok := d.Principal(principal)
		if !ok {
			return "", invalidPrincipal("AWS", principal)
		}
		return id, nil
	})
}

// Principal returns the form in which one principal is stored, and false when it
// names nobody.
func (d Directory) Principal(principal string) (string, bool) {
	if d.ID == nil || principal == "*" || accountID.MatchString(principal) || strings.HasSuffix(principal, ":root") {
		return principal, true
	}
	if uniqueID.MatchString(principal) {
		_, ok := d.ARN(principal)
		return principal, ok
	}
	return d.ID(principal)
}

// ShowPrincipal returns the ARN of a principal that is stored by its unique id, and
// false when it is not or no longer there.
func (d Directory) ShowPrincipal(id string) (arn string, ok bool) {
	if d.ARN == nil || !uniqueID.MatchString(id) {
		return "", false
	}
	return d.ARN(id)
}

// Show returns a stored policy with ARNs in place of the unique ids of principals
// that still exist. The id of a principal that was deleted stays.
func (d Directory) Show(text string) string {
	if d.ARN == nil || text == "" {
		return text
	}
	shown, err := replacePrincipals(text, func(principal string) (string, error) {
		if arn, ok := d.ShowPrincipal(principal); ok {
			return arn, nil
		}
		return principal, nil
	})
	if err != nil {
		return text
	}
	return shown
}

func invalidPrincipal(kind, name string) *Fault {
	return &Fault{fmt.Sprintf("Invalid principal in policy: %q:%q", kind, name)}
}

// frame is an object or a list that is being read.
type frame struct {
	object bool
	key    string // of the member whose value comes next
	inKey  bool   // a key comes next
}

// replacePrincipals calls replace for each AWS principal of a policy and puts its
// result in place of the principal.
func replacePrincipals(text string, replace func(string) (string, error)) (string, error) {
	var (
		out   strings.Builder
		stack []frame
		kept  int // how much of text is in out
		last  int // where the last token ended
	)
	dec := json.NewDecoder(strings.NewReader(text))

	// valueEnds notes that the value of a member is complete.
	valueEnds := func() {
		if n := len(stack); n > 0 && stack[n-1].object {
			stack[n-1].inKey = true
		}
	}

	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read policy: %w", err)
		}
		start := last + strings.IndexFunc(text[last:], func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) })
		last = int(dec.InputOffset())

		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				stack = append(stack, frame{object: v == '{', inKey: v == '{'})
				continue
			}
			stack = stack[:len(stack)-1]
		case string:
			if n := len(stack); n > 0 && stack[n-1].inKey {
				stack[n-1].key, stack[n-1].inKey = v, false
				continue
			}
			if isPrincipal(stack) {
				replaced, err := replace(v)
				if err != nil {
					return "", err
				}
				if replaced != v {
					quoted, err := json.Marshal(replaced)
					if err != nil {
						return "", fmt.Errorf("encode principal %s: %w", replaced, err)
					}
					out.WriteString(text[kept:start])
					out.Write(quoted)
					kept = last
				}
			}
		}
		valueEnds()
	}
	out.WriteString(text[kept:])
	return out.String(), nil
}

// isPrincipal reports whether a value at this place is an AWS principal.
func isPrincipal(stack []frame) bool {
	var path []string
	for _, f := range stack {
		if f.object {
			path = append(path, f.key)
		}
	}
	return slices.Equal(path, []string{"Statement", "Principal", "AWS"}) ||
		slices.Equal(path, []string{"Statement", "NotPrincipal", "AWS"})
}
